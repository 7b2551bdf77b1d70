"""The chart in a real cluster: what the API server accepts, and what the release then is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster import images
from cluster.access import Access, CommandError
from support.charts import EVERYTHING, NAMESPACE, Object, Values
from support.releases import CHART, NAME, READY_SECONDS, waiting
from support.waiting import wait_for

SECOND = "dnsfleet-second"
"""The namespace of a second release."""
_KNOWN = {
    name: value
    for name, value in EVERYTHING.items()
    if name not in ("zones", "pops", "podMonitor", "alerts")
}
"""Of kinds that a cluster knows before anything is installed."""
PODS = {
    "imageRegistry": "registry.example",
    "image": {"edge": {"digest": f"sha256:{'5' * 64}"}},
    "openshift": True,
    "priorityClassName": "dns",
    "podLabels": {"team": "dns"},
    "podAnnotations": {"linkerd.io/inject": "disabled"},
    "operator": {"replicas": 2},
    "core": {"expose": {"enabled": True}},
    "probes": {"enabled": True},
    "statusPage": {"enabled": True},
}
"""What is said of pods, and all of them."""
SETTINGS: dict[str, Values] = {
    "defaults": {},
    "everything": _KNOWN,
    "a core": {"role": "core", "core": {"expose": {"enabled": True}, "maxmemory": "256Mi"}},
    "a pop": {"role": "pop"},
    "accounts": {
        "operator": {"serviceAccount": {"name": "mine", "annotations": {"team": "dns"}}},
        "statusPage": {"enabled": True, "serviceAccount": {"create": False, "name": "theirs"}},
    },
    "some namespaces": {"watchNamespaces": ["default", NAMESPACE]},
    "no rights": {"rbac": {"create": False}},
    "pods": PODS,
}
EXTERNAL_DNS: list[Object] = [
    {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": "of-external-dns"},
        "spec": {"origin": "of-external-dns.example", "nameServers": ["ns1.example.net"]},
    },
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "external-dns"}},
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "external-dns"},
        "spec": {
            "serviceAccountName": "external-dns",
            "containers": [
                {
                    "name": "webhook",
                    "image": images.OPERATOR.name,
                    "imagePullPolicy": "IfNotPresent",
                    "args": ["dnsfleet-externaldns", "--instance=e2e", "--namespaces=default"],
                    "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
                    "securityContext": {"readOnlyRootFilesystem": True},
                }
            ],
        },
    },
]
CREATE = """
import json, urllib.request
endpoint = {
    "dnsName": "www.of-external-dns.example", "recordType": "A", "targets": ["192.0.2.1"]
}
request = urllib.request.Request(
    "http://localhost:8888/records",
    json.dumps({"create": [endpoint]}).encode(),
    {"Content-Type": "application/external.dns.webhook+json;version=1"},
)
print(urllib.request.urlopen(request, timeout=20).status)
"""
"""What ExternalDNS sends."""
TEAM = "team-of-anna"
POLICY_SECONDS = 30.0
"""The API server compiles a new policy a moment after it is written."""


@pytest.fixture(scope="module", name="restricted")
def _restricted(cluster: Access) -> Iterator[str]:
    """A namespace that enforces the level restricted for pods, and warns about pod templates."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": labels},
    }
    cluster.apply(json.dumps(namespace))
    cluster.kubectl("create", "serviceaccount", "dnsfleet-test", "--namespace", NAMESPACE)
    yield NAMESPACE
    cluster.kubectl("delete", "namespace", NAMESPACE)


@pytest.mark.parametrize("values", SETTINGS.values(), ids=SETTINGS)
def test_the_api_server_takes_every_object_without_a_warning(
    cluster: Access, render: Any, restricted: str, values: Values
) -> None:
    text = yaml.safe_dump_all(render(values))
    arguments = ("apply", "--server-side", "--force-conflicts", "--dry-run=server")
    cluster.kubectl(*arguments, "--warnings-as-errors", "-f", "-", stdin=text)


def test_a_first_install_with_zones_is_refused_and_leaves_nothing(
    helm: Access, tmp_path: Path
) -> None:
    """Helm looks up the kinds of all objects before it makes the definitions of some."""
    path = tmp_path / "values.yaml"
    path.write_text(json.dumps({name: EVERYTHING[name] for name in ("zones", "pops")}))
    with pytest.raises(CommandError, match="ensure CRDs are installed first"):
        helm.helm("install", "early", str(CHART), "--namespace=default", "--values", str(path))
    kinds = "all,configmaps,crds,clusterroles,validatingadmissionpolicies"
    assert helm.items(kinds, "--selector", "app.kubernetes.io/instance=early") == []


@pytest.mark.parametrize("role", ["all", "core"])
def test_helm_test_passes_before_there_is_a_zone(release: Access, role: str) -> None:
    release.helm("upgrade", *NAME, str(CHART), "--set", f"role={role}", *waiting())
    told = release.helm("test", *NAME, "--logs")
    assert "all that the chart runs is ready" in told
    assert "0 Zones and 0 Pops" in told


def test_zones_and_pops_come_with_an_upgrade_and_outlive_their_values(
    release: Access, tmp_path: Path
) -> None:
    path = tmp_path / "values.yaml"
    zone = {"name": "valued", "spec": {"origin": "a.example", "nameServers": ["ns1.example.net"]}}
    pop = {"name": "valued", "spec": {"service": {"type": "ClusterIP"}}}
    path.write_text(json.dumps({"zones": [zone], "pops": [pop]}))
    release.helm("upgrade", *NAME, str(CHART), "--values", str(path), *waiting())
    of_zone = ("zone", "valued", "--namespace", NAME[-1])
    release.wait("condition=Propagated", READY_SECONDS, *of_zone)

    release.helm("upgrade", *NAME, str(CHART), "--reset-values", *waiting())
    assert release.get(*of_zone)["spec"] == zone["spec"]
    assert "deletionTimestamp" not in release.get("pop", "valued")["metadata"]


def test_a_protected_zone_cannot_be_deleted(release: Access) -> None:
    zone = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": "kept"},
        "spec": {"origin": "kept.example", "nameServers": ["ns1.example.net"], "protect": True},
    }
    release.apply(json.dumps(zone))
    refusal = wait_for("the policy is in force", lambda: refused_deletion(release), POLICY_SECONDS)
    lift = "kubectl patch zones.dnsfleet.io kept -n default --type merge -p"
    change = '{"spec":{"protect":false}}'
    assert (
        f"Zone default/kept (kept.example) is protected; to delete it, first run: {lift} '{change}'"
    ) in refusal
    release.kubectl(*lift.split()[1:], change)
    release.kubectl("delete", "zone", "kept")


def refused_deletion(cluster: Access) -> str:
    """Why the API server refuses the deletion; nothing is deleted."""
    try:
        cluster.kubectl("delete", "zone", "kept", "--dry-run=server")
    except CommandError as error:
        return str(error)
    return ""


def allowed(cluster: Access, asked: str, who: str) -> bool:
    """Whether somebody may do something, as in `list zones -n default`."""
    try:
        return cluster.kubectl("auth", "can-i", *asked.split(), "--as", who).strip() == "yes"
    except CommandError as error:
        if str(error).endswith("no"):
            return False
        raise


def programmed(cluster: Access, namespace: str, name: str, generation: int) -> bool:
    """Whether this generation of a Zone is published."""
    status = cluster.get("zone", name, "--namespace", namespace).get("status", {})
    conditions = {each["type"]: each["status"] for each in status.get("conditions", ())}
    return (conditions.get("Programmed"), status.get("observedGeneration")) == ("True", generation)


def test_an_operator_of_some_namespaces_and_roles_for_people(release: Access) -> None:
    """Rights are those of the API server, and the zone that is not seen any more is kept."""
    operator = f"system:serviceaccount:{NAME[-1]}:dnsfleet-operator"
    zone = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": "limited", "namespace": "default"},
        "spec": {"origin": "limited.example", "nameServers": ["ns1.example.net"]},
    }
    hidden = zone | {
        "metadata": {"name": "hidden", "namespace": TEAM},
        "spec": {"origin": "hidden.example", "nameServers": ["ns1.example.net"]},
    }
    release.kubectl("create", "namespace", TEAM)
    release.kubectl(
        *("create", "rolebinding", "anna", "--clusterrole=edit", "--user=anna"),
        f"--namespace={TEAM}",
    )
    for each in (zone, hidden):
        release.apply(json.dumps(each))
    wait_for("both", lambda: programmed(release, TEAM, "hidden", 1), READY_SECONDS)
    assert allowed(release, "list zones -A", operator)
    assert allowed(release, f"get configmaps -n {TEAM}", operator)
    assert not allowed(release, f"list configmaps -n {TEAM}", operator)
    assert allowed(release, f"list configmaps -n {NAME[-1]}", operator), "which keys edges know"
    assert not allowed(release, f"create zones -n {TEAM}", "anna")

    values = "watchNamespaces={default},rbac.aggregateToEdit=true"
    release.helm("upgrade", *NAME, str(CHART), "--set", values, *waiting())
    for what in ("list zones", "get configmaps", "patch zones --subresource=status"):
        assert allowed(release, f"{what} -n default", operator), what
        assert not allowed(release, f"{what} -n {TEAM}", operator), what
    assert allowed(release, "list pops", operator)
    wait_for("anna may", lambda: allowed(release, f"create zones -n {TEAM}", "anna"), READY_SECONDS)
    for what in ("patch pops", "patch fleets", "create zoneclasses", "patch zones -n default"):
        assert not allowed(release, what, "anna"), what

    for each in (zone, hidden):
        each["spec"]["nameServers"] = ["ns2.example.net"]
        release.apply(json.dumps(each))
    wait_for("its zone", lambda: programmed(release, "default", "limited", 2), READY_SECONDS)

    def orphans() -> list[Object]:
        found: list[Object] = release.get("fleet", "dnsfleet")["status"].get("orphans", [])
        return found

    told = {"origin": "hidden.example."}  # and no end
    wait_for("the orphan is told", lambda: told in orphans(), READY_SECONDS)
    assert not programmed(release, TEAM, "hidden", 2)
    release.helm("upgrade", *NAME, str(CHART), "--reset-values", *waiting())
    wait_for("the other one", lambda: programmed(release, TEAM, "hidden", 2), READY_SECONDS)
    wait_for("no orphan", lambda: not orphans(), READY_SECONDS)
    release.kubectl("delete", "zone", "limited")
    release.kubectl("delete", "zone", "hidden", "--namespace", TEAM)
    release.kubectl("delete", "namespace", TEAM)


def test_the_operator_may_restart_a_replica_and_the_core(release: Access) -> None:
    """By ending their pods: nothing else of what the chart made for the core is in its reach."""
    namespace = NAME[-1]
    user = f"system:serviceaccount:{namespace}:dnsfleet-operator"
    asked = ("auth", "can-i", "delete", "pods", "--as", user)
    assert release.kubectl(*asked, "--namespace", namespace).strip() == "yes"
    with pytest.raises(CommandError, match=r"\bno$"):
        release.kubectl(*asked, "--namespace", "default")
    changes = ("auth", "can-i", "patch", "statefulsets", "--as", user, "--namespace", namespace)
    with pytest.raises(CommandError, match=r"\bno$"):
        release.kubectl(*changes)


def test_the_webhook_of_external_dns_runs_in_the_image_of_the_operator(release: Access) -> None:
    """As the chart of ExternalDNS starts it, with arguments and no command, and by the rights that
    the chart binds."""
    bound = {
        "serviceAccount": "external-dns",
        "namespace": "default",
        "zoneNamespaces[0]": "default",
    }
    values = ",".join(f"externalDNS.bindings[0].{key}={bound[key]}" for key in bound)
    release.helm("upgrade", *NAME, str(CHART), "--set", values, *waiting())
    for each in EXTERNAL_DNS:
        release.apply(json.dumps(each))
    release.wait("condition=Ready", READY_SECONDS, "pod/external-dns")
    said = release.kubectl("exec", "external-dns", "--", "python3", "-c", CREATE)
    assert said.strip() == "204"
    of_ours = ("recordsets", "-l", "dnsfleet.io/externaldns-instance=e2e")
    release.wait("condition=Accepted", READY_SECONDS, *of_ours)
    (item,) = release.items(*of_ours)
    (record,) = item["spec"]["records"]
    assert record == {"name": "www.of-external-dns.example.", "type": "A", "data": ["192.0.2.1"]}
    release.kubectl("delete", *of_ours)
    for each in reversed(EXTERNAL_DNS):
        release.kubectl("delete", each["kind"], each["metadata"]["name"], "--now")
    release.helm("upgrade", *NAME, str(CHART), "--reset-values", *waiting())


def test_a_second_release_stands_aside_and_the_first_goes_on(release: Access) -> None:
    of_zone = ("zone", "of-first", "--namespace", "default")
    zone = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": "of-first", "namespace": "default"},
        "spec": {"origin": "first.example", "nameServers": ["ns1.example.net"]},
    }

    def published(generation: int) -> Object | None:
        """The revision of the zone, once this generation of its object is published."""
        status = release.get(*of_zone).get("status", {})
        conditions = {each["type"]: each for each in status.get("conditions", ())}
        programmed = conditions.get("Programmed", {})
        if (programmed.get("status"), status.get("observedGeneration")) != ("True", generation):
            return None
        revision: Object = status["revision"]
        return revision

    release.apply(json.dumps(zone))
    before = wait_for("the first revision", lambda: published(1), READY_SECONDS)
    second = ("second", "--namespace", SECOND)
    values = ("--set", "crds.enabled=false,core.persistence.enabled=false")
    release.helm("install", *second, str(CHART), "--create-namespace", *values)
    try:
        wait_for("an Event", lambda: stands_aside(release), READY_SECONDS)
        zone["spec"]["nameServers"] = ["ns2.example.net"]
        release.apply(json.dumps(zone))
        after = wait_for("the second revision", lambda: published(2), READY_SECONDS)
        assert after == {"epoch": before["epoch"], "seq": before["seq"] + 1}, "of the same writer"
        deployment = release.get("deployment", "second-operator", "--namespace", SECOND)
        assert deployment["status"].get("readyReplicas", 0) == 0
    finally:
        release.helm("uninstall", *second, *waiting())
        release.kubectl("delete", "namespace", SECOND)
        release.kubectl("delete", *of_zone)


def stands_aside(cluster: Access) -> bool:
    """Whether the operator of the second release has said for whom it stands aside."""
    events = cluster.items("events", "--namespace", SECOND)
    told = f"the release dnsfleet in the namespace {NAME[-1]} leads this cluster"
    return any(told in each["message"] for each in events if each["reason"] == "StandsAside")


def test_helm_test_of_a_pop_that_has_not_joined_says_what_it_waits_for(release: Access) -> None:
    """The last test of this release, which has no core after it."""
    release.helm("upgrade", *NAME, str(CHART), "--set", "role=pop")
    wait_for("the core is gone", lambda: no_core(release), READY_SECONDS)
    told = release.helm("test", *NAME, "--logs")
    assert "the Pop has not joined: its tunnel waits for the Secret dnsfleet-join" in told
    assert "all that the chart runs is ready" in told


def no_core(cluster: Access) -> bool:
    return not cluster.items("statefulsets", "--namespace", NAME[-1])
