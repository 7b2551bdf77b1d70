"""What a Pop consists of, and which of its objects are applied again."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from dnsfleet.resources import Metadata, Pop
from dnsfleet_edge.edge import LATER
from dnsfleet_operator.pops import planning
from dnsfleet_operator.pops.planning import ObjectKey
from dnsfleet_operator.pops.setting import CoreUser, Setting
from support import yaml_resources
from support.installations import CONFIGURATION

CREATED = "2026-01-01T00:00:00Z"
EDGE = ObjectKey("Deployment", "pop-fra-edge")
PROBER = ObjectKey("Deployment", "pop-fra-probe")
REPLICA = ObjectKey("Deployment", "pop-fra-replica")
DNS = ObjectKey("Service", "pop-fra-dns")
CONFIG = ObjectKey("ConfigMap", "pop-fra")

Objects = dict[ObjectKey, dict[str, Any]]


JOINED = CoreUser("pop-fra", "dnsfleet-join", "password")


def objects(
    spec: str = "", drained: bool = False, public_key: str = "PEM", joined: CoreUser | None = None
) -> Objects:
    pop = yaml_resources.pop(spec, creationTimestamp=CREATED)
    wanted = planning.desired(Setting(pop, CONFIGURATION, public_key, drained, joined))
    return {planning.key(each): each for each in wanted}


def test_a_pop_has_these_objects_and_no_cascade_ends_them() -> None:
    found = objects()
    assert sorted(found) == [
        ("ConfigMap", "pop-fra"),
        ("Deployment", "pop-fra-edge"),
        ("Deployment", "pop-fra-replica"),
        ("NetworkPolicy", "pop-fra-edge"),
        ("NetworkPolicy", "pop-fra-replica"),
        ("PodDisruptionBudget", "pop-fra-edge"),
        ("Service", "pop-fra-dns"),
        ("Service", "pop-fra-replica"),
    ]
    for each in found.values():
        metadata = each["metadata"]
        assert metadata["namespace"] == "dns"
        assert metadata["labels"]["dnsfleet.io/pop"] == "fra"
        assert metadata["annotations"]["dnsfleet.io/pop-created"] == CREATED
        assert "ownerReferences" not in metadata


ON_NODES = "edge: {exposure: HostNetwork, nodeSelector: {dns: 'yes'}, hostPrefixes: ['::/0']}"
EDGES_ON_NODES = ObjectKey("DaemonSet", "pop-fra-edge")


def on_nodes(*nodes: str, drained: bool = False, joined: CoreUser | None = None) -> Objects:
    pop = yaml_resources.pop(ON_NODES, creationTimestamp=CREATED)
    setting = Setting(pop, CONFIGURATION, "PEM", drained, joined, nodes=nodes)
    return {planning.key(each): each for each in planning.desired(setting)}


def test_edges_on_nodes_have_neither_a_service_nor_a_budget() -> None:
    served, found = objects(), on_nodes()
    assert served.keys() - found.keys() == {
        EDGE,
        DNS,
        ObjectKey("PodDisruptionBudget", "pop-fra-edge"),
    }
    assert found.keys() - served.keys() == {
        EDGES_ON_NODES,
        ObjectKey("NetworkPolicy", "pop-fra-core"),
    }
    pop = yaml_resources.pop(ON_NODES)
    went = planning.of_other_exposure(Setting(pop, CONFIGURATION, "PEM", False))
    assert set(went) == served.keys() - found.keys()
    went = planning.of_other_exposure(Setting(yaml_resources.pop(), CONFIGURATION, "PEM", False))
    assert set(went) == found.keys() - served.keys()


def test_an_edge_on_a_node_is_root_with_one_capability_and_no_port() -> None:
    spec = on_nodes()[EDGES_ON_NODES]["spec"]
    assert spec["updateStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (pod["hostNetwork"], pod["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")
    assert pod["nodeSelector"] == {"dns": "yes"}
    assert pod["securityContext"]["runAsUser"] == 0
    assert "ports" not in container, "the new edge would wait until the old one is gone"
    security = container["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
    assert security["readOnlyRootFilesystem"]
    assert not security["allowPrivilegeEscalation"]
    probes = (container["readinessProbe"], container["livenessProbe"])
    assert ["exec" in probe and "httpGet" not in probe for probe in probes] == [True, True]


def test_both_kinds_of_edges_find_their_file_while_a_pop_goes_from_one_to_the_other() -> None:
    for found, kind, file in (
        (objects(), EDGE, "edge.json"),
        (on_nodes(), EDGES_ON_NODES, "edge-on-node.json"),
    ):
        data = found[CONFIG]["data"]
        behind, on_node = (json.loads(data[name]) for name in ("edge.json", "edge-on-node.json"))
        assert behind["listen"] == [["*", 5353]]
        assert (on_node["listen"], on_node["http"]) == ([["node", 53]], ["node", 15353])
        assert behind["state_dir"] != on_node["state_dir"], "each is of another user"
        (container,) = found[kind]["spec"]["template"]["spec"]["containers"]
        assert container["command"][1].endswith(f"/{file}")
    assert json.loads(on_nodes()[CONFIG]["data"]["edge-on-node.json"])["host_prefixes"] == ["::/0"]


def test_the_replica_and_the_core_admit_the_nodes() -> None:
    replica = ObjectKey("NetworkPolicy", "pop-fra-replica")
    core = ObjectKey("NetworkPolicy", "pop-fra-core")
    found = on_nodes("192.0.2.1", "2001:db8::1")
    nodes = [{"ipBlock": {"cidr": cidr}} for cidr in ("192.0.2.1/32", "2001:db8::1/128")]
    assert found[replica]["spec"]["ingress"][0]["from"][-2:] == nodes
    assert found[core]["spec"]["ingress"][0]["from"] == nodes
    none = on_nodes()
    assert none[core]["spec"]["ingress"] == [], "a rule with no source would admit everybody"
    assert core not in on_nodes(joined=JOINED), "the core is in another cluster"


def test_a_drained_pop_on_nodes_selects_none() -> None:
    pod = on_nodes(drained=True)[EDGES_ON_NODES]["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"dns": "yes", "dnsfleet.io/out-of-service": "true"}


def test_edges_of_a_service_are_found_by_the_names_of_their_ports() -> None:
    ports = {port["name"]: port["targetPort"] for port in objects()[DNS]["spec"]["ports"]}
    assert ports == {"dns-udp": "dns-udp", "dns-tcp": "dns-tcp"}
    (container,) = objects()[EDGE]["spec"]["template"]["spec"]["containers"]
    assert ports.keys() < {port["name"] for port in container["ports"]}


def with_prober(spec: str = "", **versions: str) -> Objects:
    configuration = replace(CONFIGURATION, probes=True)
    pop = yaml_resources.pop(spec, creationTimestamp=CREATED)
    wanted = planning.desired(Setting(pop, configuration, "PEM", False, **versions))
    assert planning.key(wanted[-1]) == EDGE
    return {planning.key(each): each for each in wanted}


def test_a_prober_is_beside_a_pop_and_reads_its_replica() -> None:
    without, found = objects(), with_prober("edge: {nodeSelector: {zone: a}}")
    assert found.keys() - without.keys() == {PROBER, ObjectKey("NetworkPolicy", "pop-fra-probe")}
    pod = found[PROBER]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["command"] == [
        "dnsfleet-probe",
        "--place=fra",
        "--replica=pop-fra-replica:6379",
        "--password-file=/etc/dnsfleet-keys/probe",
        "--public-key=/etc/dnsfleet/publisher.pub",
        "--http=*:8080",
    ]
    assert container["env"] == [{"name": "DNSFLEET_LOG_LEVEL", "value": "info"}]
    config, keys = pod["volumes"]  # of each it gets no more than it reads
    assert config["configMap"]["items"] == [{"key": "publisher.pub", "path": "publisher.pub"}]
    assert keys["secret"] == {
        "secretName": "dnsfleet-keys",
        "items": [{"key": "probe", "path": "probe"}],
        "optional": True,
    }
    assert pod["nodeSelector"] == {"zone": "a"}
    readers = found[ObjectKey("NetworkPolicy", "pop-fra-replica")]["spec"]["ingress"][0]["from"]
    own = found[PROBER]["spec"]["selector"]["matchLabels"]
    assert {"podSelector": {"matchLabels": own}} in readers


def test_a_prober_and_the_other_pods_of_a_pop_do_not_roll_each_other() -> None:
    """An edge and a replica are the same with and without one, and it takes no part in changes."""
    without, found = objects(), with_prober()
    for name in ("pop-fra-edge", "pop-fra-replica"):
        key = ObjectKey("Deployment", name)
        assert found[key]["spec"] == without[key]["spec"]
    changed = with_prober("edge: {shards: 7, identity: Pop}")
    assert changed[PROBER]["spec"] == found[PROBER]["spec"]
    assert changed[EDGE]["spec"] != found[EDGE]["spec"]


def test_other_users_or_passwords_begin_anew_what_read_them_when_it_started() -> None:
    """A prober reads its password at each connection, and edges know nothing of its user."""
    found = with_prober()
    for version, rolled in (("users_version", REPLICA), ("passwords_version", EDGE)):
        other = with_prober(**{version: "-2"})
        changed = [key for key, each in found.items() if each.get("spec") != other[key].get("spec")]
        assert changed == [rolled]


def test_a_pop_of_another_core_follows_that_and_says_its_acks_to_its_replica() -> None:
    found = objects(joined=JOINED)
    assert found.keys() == objects().keys()
    files = found[CONFIG]["data"]
    lines = files["replica.conf"].splitlines()
    for line in ("replicaof dnsfleet-core 6379", "primaryuser pop-fra", "replica-read-only no"):
        assert line in lines
    assert json.loads(files["edge.json"])["core_url"] == "redis://ack@pop-fra-replica:6379/1"
    assert core_password(found) == ("dnsfleet-join", "password")
    policy = found[ObjectKey("NetworkPolicy", "pop-fra-replica")]["spec"]["ingress"][0]
    assert [each["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for each in
            policy["from"]] == ["edge", "operator"]  # fmt: skip


def core_password(found: dict[ObjectKey, dict[str, Any]]) -> tuple[str, str]:
    """The Secret and its entry that the replica is given as a file, and in no other way."""
    pod = found[REPLICA]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert "env" not in container
    option, file = container["args"]
    assert option == "--primary-password-file"
    (volume,) = (
        volumes["secret"]
        for volumes in pod["volumes"]
        for mount in container["volumeMounts"]
        if mount["name"] == volumes["name"] and file.startswith(f"{mount['mountPath']}/")
    )
    (item,) = volume["items"]
    assert file.endswith(f"/{item['path']}")
    assert volume["defaultMode"] == 0o440
    return volume["secretName"], item["key"]


def test_a_replica_begins_anew_with_another_password_for_the_core() -> None:
    first, other = objects(joined=JOINED), objects(joined=replace(JOINED, version="-2"))
    rolled = [
        key
        for key, each in first.items()
        if key.kind == "Deployment" and each["spec"] != other[key]["spec"]
    ]
    assert rolled == [ObjectKey("Deployment", "pop-fra-replica")]


def test_a_replica_can_be_made_before_anything_is_known_of_the_pop() -> None:
    """What comes to be known later changes no pod of it."""
    early = Setting(Pop(metadata=Metadata(name="fra")), CONFIGURATION, "PEM", True, JOINED)
    made = {planning.key(each): each for each in planning.of_replica(early)}
    assert sorted(made) == [
        ("ConfigMap", "pop-fra"),
        ("Deployment", "pop-fra-replica"),
        ("NetworkPolicy", "pop-fra-replica"),
        ("Service", "pop-fra-replica"),
    ]
    later = objects("edge: {shards: 7}", joined=JOINED)
    replica = ObjectKey("Deployment", "pop-fra-replica")
    assert made[replica]["spec"] == later[replica]["spec"]


def test_edges_log_from_the_level_on_that_the_installation_has() -> None:
    quiet = replace(CONFIGURATION, edge_log_level="warning")
    wanted = planning.desired(Setting(yaml_resources.pop(""), quiet, "PEM", False))
    (edge,) = (each for each in wanted if planning.key(each).name == "pop-fra-edge"
               and each["kind"] == "Deployment")  # fmt: skip
    (container,) = edge["spec"]["template"]["spec"]["containers"]
    assert {"name": "DNSFLEET_LOG_LEVEL", "value": "warning"} in container["env"]


def test_every_pod_pulls_with_the_secrets_of_the_installation() -> None:
    for (kind, _), each in objects().items():
        if kind == "Deployment":
            pod = each["spec"]["template"]["spec"]
            assert pod["imagePullSecrets"] == [{"name": "registry"}, {"name": "mirror"}]


def test_one_service_has_udp_and_tcp_on_port_53() -> None:
    spec = objects("service: {type: NodePort, externalTrafficPolicy: Cluster}")[DNS]["spec"]
    assert [(p["name"], p["port"], p["protocol"]) for p in spec["ports"]] == [
        ("dns-udp", 53, "UDP"),
        ("dns-tcp", 53, "TCP"),
    ]
    assert (spec["type"], spec["externalTrafficPolicy"]) == ("NodePort", "Cluster")
    assert spec["selector"] == objects()[EDGE]["spec"]["selector"]["matchLabels"]


def test_a_cluster_ip_has_no_policy_for_traffic_from_outside() -> None:
    assert "externalTrafficPolicy" not in objects("service: {type: ClusterIP}")[DNS]["spec"]


@pytest.mark.parametrize("name", ["pop-fra-edge", "pop-fra-replica", "pop-fra-probe"])
def test_pods_are_restricted(name: str) -> None:
    pod = with_prober()[ObjectKey("Deployment", name)]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["readOnlyRootFilesystem"] is True
        assert security["capabilities"] == {"drop": ["ALL"]}


def test_pods_name_no_user_where_the_platform_does() -> None:
    """OpenShift refuses pods that ask for a user who is not of the range of their namespace."""
    ours = {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}
    for openshift in (False, True):
        configuration = replace(CONFIGURATION, probes=True, openshift=openshift)
        pop = yaml_resources.pop("{edge: {cacheHostPath: /cache}}")
        for each in planning.desired(Setting(pop, configuration, "PEM", False)):
            if each["kind"] != "Deployment":
                continue
            pod = each["spec"]["template"]["spec"]
            users = pod["securityContext"].keys() & ours.keys()
            assert users == (set() if openshift else ours.keys())
            for container in pod.get("initContainers", []) if openshift else ():
                assert "runAsUser" not in container["securityContext"]


@pytest.mark.parametrize(
    ("default", "spec", "edge", "replica"),
    [
        ("", "", None, None),
        ("", "{edge: {priorityClassName: high}}", "high", None),
        ("dns", "{replica: {priorityClassName: low}}", "dns", "low"),
    ],
)
def test_pods_have_the_priority_of_the_pop_or_of_the_installation(
    default: str, spec: str, edge: str | None, replica: str | None
) -> None:
    configuration = replace(CONFIGURATION, probes=True, priority_class=default)
    wanted = planning.desired(Setting(yaml_resources.pop(spec), configuration, "PEM", False))
    found = {
        planning.key(each): each["spec"]["template"]["spec"].get("priorityClassName")
        for each in wanted
        if each["kind"] == "Deployment"
    }
    assert found == {EDGE: edge, REPLICA: replica, PROBER: default or None}


def test_pods_have_the_labels_of_the_installation_beside_ours() -> None:
    labels = {"team": "dns", "app.kubernetes.io/component": "other"}
    configuration = replace(
        CONFIGURATION, pod_labels=labels, pod_annotations={"mesh": "off", "dnsfleet.io/config": ""}
    )
    for each in planning.desired(Setting(yaml_resources.pop(), configuration, "PEM", False)):
        if each["kind"] == "Deployment":
            metadata = each["spec"]["template"]["metadata"]
            assert metadata["labels"]["team"] == "dns"
            assert each["spec"]["selector"]["matchLabels"].items() <= metadata["labels"].items()
            assert metadata["annotations"]["mesh"] == "off"
            assert metadata["annotations"]["dnsfleet.io/config"]


def test_edges_spread_over_nodes_and_zones_and_a_roll_counts_its_own() -> None:
    spec = objects()[EDGE]["spec"]
    pod = spec["template"]["spec"]
    # Another one for zones would keep it from working where nodes name no zone.
    (over_nodes,) = pod["topologySpreadConstraints"]
    assert over_nodes["topologyKey"] == "kubernetes.io/hostname"
    assert over_nodes["whenUnsatisfiable"] == "ScheduleAnyway"
    (preferred,) = pod["affinity"]["podAntiAffinity"].values()
    over_zones = preferred[0]["podAffinityTerm"]
    assert over_zones["topologyKey"] == "topology.kubernetes.io/zone"
    for each in (over_nodes, over_zones):
        assert each["labelSelector"] == spec["selector"]
        assert each["matchLabelKeys"] == ["pod-template-hash"]


def test_a_node_has_one_edge_where_that_is_required_and_the_old_one_leaves_first() -> None:
    spec = objects("edge: {spread: Required}")[EDGE]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    pod = spec["template"]["spec"]
    assert "topologySpreadConstraints" not in pod
    apart = pod["affinity"]["podAntiAffinity"]
    (on_nodes,) = apart["requiredDuringSchedulingIgnoredDuringExecution"]
    (preferred,) = apart["preferredDuringSchedulingIgnoredDuringExecution"]
    assert on_nodes["topologyKey"] == "kubernetes.io/hostname"
    assert preferred["podAffinityTerm"]["topologyKey"] == "topology.kubernetes.io/zone"
    for each in (on_nodes, preferred["podAffinityTerm"]):
        assert each["labelSelector"] == spec["selector"]
        assert "matchLabelKeys" not in each  # the version before must not be there either


def test_an_edge_that_serves_nobody_keeps_no_node_from_being_drained() -> None:
    budget = objects()[ObjectKey("PodDisruptionBudget", "pop-fra-edge")]["spec"]
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert budget["maxUnavailable"] == 1


def test_a_field_without_effect_changes_nothing() -> None:
    assert objects("replica: {storage: 1Gi}") == objects()


def test_no_password_is_in_any_object() -> None:
    text = json.dumps(list(objects().values()), default=str)
    for user in ("edge", "ack"):
        assert f'"secretKeyRef": {{"name": "dnsfleet-keys", "key": "{user}"}}' in text
    assert core_password(objects()) == ("dnsfleet-keys", "replica")
    assert json.loads(objects()[CONFIG]["data"]["edge.json"])["replica_url"] == (
        "redis://edge@pop-fra-replica:6379/0"
    )


def test_edges_have_the_cookie_secrets_of_the_fleet_and_start_without_them() -> None:
    pod = objects()[EDGE]["spec"]["template"]["spec"]
    config = json.loads(objects()[CONFIG]["data"]["edge.json"])
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["cookies"]["secret"] == {"secretName": "dnsfleet-cookies", "optional": True}
    (folder,) = [
        mount["mountPath"]
        for mount in pod["containers"][0]["volumeMounts"]
        if mount["name"] == "cookies"
    ]
    assert config["cookie_secrets"] == f"{folder}/secrets"


@pytest.mark.parametrize(
    ("service", "exempt"),
    [
        ("{type: LoadBalancer}", ["192.0.2.0/24"]),
        ("{type: ClusterIP, externalTrafficPolicy: Cluster}", ["192.0.2.0/24"]),
        ("{type: LoadBalancer, externalTrafficPolicy: Cluster}", ["0.0.0.0/0", "::/0"]),
        ("{type: NodePort, externalTrafficPolicy: Cluster}", ["0.0.0.0/0", "::/0"]),
    ],
)
def test_clients_that_look_alike_have_no_limits(service: str, exempt: list[str]) -> None:
    spec = f"{{edge: {{clientLimits: {{exempt: [192.0.2.0/24]}}}}, service: {service}}}"
    assert json.loads(objects(spec)[CONFIG]["data"]["edge.json"])["exempt"] == exempt


def test_a_proxy_tells_clients_apart_again() -> None:
    spec = """
        edge: {proxyProtocolFrom: [10.0.0.0/8], clientLimits: {exempt: [192.0.2.0/24]}}
        service: {type: LoadBalancer, externalTrafficPolicy: Cluster}
    """
    config = json.loads(objects(spec)[CONFIG]["data"]["edge.json"])
    assert config["exempt"] == ["192.0.2.0/24"]
    assert config["proxy_protocol_from"] == ["10.0.0.0/8"]


@pytest.mark.parametrize("series", ["Limited", "Always"])
def test_edges_are_told_which_series_are_wanted(series: str) -> None:
    config = json.loads(objects(f"edge: {{zoneSeries: {series}}}")[CONFIG]["data"]["edge.json"])
    assert config["zone_series"] == series


def test_an_edge_may_start_slower_than_a_running_one_may_answer() -> None:
    """Until it has started the kubelet asks for nothing else."""
    container = objects()[EDGE]["spec"]["template"]["spec"]["containers"][0]
    seconds = {
        name: container[name]["periodSeconds"] * container[name]["failureThreshold"]
        for name in ("startupProbe", "livenessProbe")
    }
    assert container["startupProbe"]["httpGet"] == container["livenessProbe"]["httpGet"]
    assert container["startupProbe"]["periodSeconds"] == 1  # an edge is Ready as soon as before
    assert seconds["startupProbe"] > 4 * seconds["livenessProbe"]


def test_edges_roll_without_a_gap() -> None:
    spec = objects("edge: {replicas: 3}")[EDGE]["spec"]
    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    config = json.loads(objects()[CONFIG]["data"]["edge.json"])
    probe = spec["template"]["spec"]["containers"][0]["readinessProbe"]
    noticed = probe["periodSeconds"] * probe["failureThreshold"] + 1
    assert noticed < config["unready_seconds"]


@pytest.mark.parametrize("seconds", [0, 40, 300])
def test_edges_have_the_time_that_they_drain(seconds: int) -> None:
    found = objects(f"edge: {{drainSeconds: {seconds}}}")
    spec, config = found[EDGE]["spec"], json.loads(found[CONFIG]["data"]["edge.json"])
    assert (config["drain_seconds"], spec.get("minReadySeconds", 0)) == (seconds, seconds)
    assert seconds < 600, "progressDeadlineSeconds, as Kubernetes has it"
    longest = seconds + (1 + LATER) * config["unready_seconds"]
    assert longest + 10 < spec["template"]["spec"]["terminationGracePeriodSeconds"]


def test_the_service_takes_what_the_pop_says_of_its_address() -> None:
    plain = objects()[DNS]["spec"]
    assert plain["ipFamilyPolicy"] == "PreferDualStack"
    assert not {"ipFamilies", "loadBalancerIP"} & plain.keys()
    spec = objects(
        "service: {ipFamilies: [IPv6], ipFamilyPolicy: SingleStack, loadBalancerIP: '2001:db8::53',"
        " loadBalancerClass: example.com/lb}"
    )[DNS]["spec"]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv6"], "SingleStack")
    assert (spec["loadBalancerIP"], spec["loadBalancerClass"]) == ("2001:db8::53", "example.com/lb")


def test_a_drained_pop_runs_no_edge_and_keeps_the_rest() -> None:
    assert objects(drained=True)[EDGE]["spec"]["replicas"] == 0
    served, drained = objects(), objects(drained=True)
    assert [key for key in served if served[key] != drained[key]] == [EDGE]


CHANGES = [
    # spec, the objects that differ from those of an empty spec
    ("location: {region: eu}", []),
    ("state: Drained", []),
    ("edge: {replicas: 5}", [EDGE]),
    ("edge: {shards: 4}", [CONFIG, EDGE]),
    ("edge: {identity: Edge}", [CONFIG, EDGE]),
    ("edge: {proxyProtocolFrom: [192.0.2.0/24]}", [CONFIG, EDGE]),
    ("edge: {clientLimits: {responsesPerSecond: 0}}", [CONFIG, EDGE]),
    ("edge: {zoneSeries: Always}", [CONFIG, EDGE]),
    ("edge: {clientLimits: {exempt: [192.0.2.0/24]}}", [CONFIG, EDGE]),
    ("edge: {resources: {limits: {memory: 1Gi}}}", [EDGE]),
    ("service: {annotations: {a: b}}", [DNS]),
    ("replica: {resources: {requests: {cpu: '1'}}}", [ObjectKey("Deployment", "pop-fra-replica")]),
]


@pytest.mark.parametrize(("spec", "changed"), CHANGES)
def test_a_change_touches_only_what_it_is_about(spec: str, changed: list[ObjectKey]) -> None:
    before, wanted = objects(), objects(spec)
    plan = planning.plan(wanted.values(), before)
    assert [planning.key(each) for each in plan] == changed


def test_another_key_rolls_nothing() -> None:
    plan = planning.plan(objects(public_key="NEW").values(), objects())
    assert [planning.key(each) for each in plan] == [CONFIG]


def as_served(wanted: Objects) -> Objects:
    """As an API server gives objects back: with more in them, and quantities in its own words."""
    served = copy.deepcopy(wanted)
    for each in served.values():
        each["metadata"] |= {"uid": "1", "resourceVersion": "7"}
        each["status"] = {}
        if each["kind"] == "Deployment":
            each["spec"]["progressDeadlineSeconds"] = 600
            pod = each["spec"]["template"]["spec"]
            pod["dnsPolicy"] = "ClusterFirst"
            for empty in [name for name, value in pod.items() if value in ({}, [])]:
                del pod[empty]
            pod["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
            pod["containers"][0]["readinessProbe"]["successThreshold"] = 1
    return served


def test_what_is_as_it_should_be_is_not_applied() -> None:
    assert planning.plan(objects().values(), as_served(objects())) == []


def test_what_is_missing_or_was_changed_by_hand_is_applied() -> None:
    served = as_served(objects())
    served[EDGE]["spec"]["replicas"] = 7
    served[DNS]["spec"]["ports"].pop()
    del served[CONFIG]
    plan = planning.plan(objects().values(), served)
    assert [planning.key(each) for each in plan] == [CONFIG, DNS, EDGE]
