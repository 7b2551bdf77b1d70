"""A gate that takes updates at a real API server, with the rights that the chart gives it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster import builds
from dnsfleet.resources import Reference
from dnsfleet_gate.config import UpdateSettings
from dnsfleet_gate.updating import record_sets
from dnsfleet_gate.updating.cluster import ClusterStore
from dnsfleet_gate.updating.leading import Leading, LeaseObject
from dnsfleet_gate.updating.stores import (
    Claim,
    Claims,
    ConflictError,
    RefusedError,
    Stored,
    UnavailableError,
)
from kubernetes import client, config
from support.kube_api_servers import GUEST, KubeAPIServer, kube_api_server
from support.waiting import wait_for

Object = dict[str, Any]

CHART = Path(__file__).parents[2] / "helm" / "dnsfleet"
NAME, NAMESPACE = "dnsfleet-gate-updates", "dnsfleet-system"
VALUES = "gate.enabled=true,gate.updates.enabled=true,watchNamespaces={dns}"
SECONDS = 60.0
START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes)."""
ZONE = Reference("Zone", "dns", "example-com")
SETS = "/apis/dnsfleet.io/v1alpha1/namespaces/dns/recordsets"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/{NAME}"
SLICE = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices/{NAME}"
SINCE = "2026-01-01T00:00:00Z"
PLACES = {
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "Service": "/api/v1/namespaces/{}/services",
}

pytestmark = pytest.mark.timeout(START_SECONDS)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeAPIServer]:
    """An API server with what the chart makes for these gates; its guest is their account."""
    with kube_api_server(tmp_path_factory.mktemp("api")) as server:
        wait_for("it serves RecordSets", lambda: server.ask("GET", SETS)[0] == 200, SECONDS)
        for each in ("dns", "web", NAMESPACE):
            make(server, "/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": each}})
        command = [builds.programs()["helm"], "template", "dnsfleet", CHART, "-n", NAMESPACE]
        more = ["--set", VALUES, "--show-only", "templates/gate-updates.yaml"]
        done = subprocess.run([*command, *more], stdout=subprocess.PIPE, check=True, text=True)
        for each in yaml.safe_load_all(done.stdout):
            if each["kind"] in PLACES:
                if "subjects" in each:
                    group = "rbac.authorization.k8s.io"
                    each["subjects"] = [{"apiGroup": group, "kind": "User", "name": GUEST}]
                place = each["metadata"].get("namespace", NAMESPACE)
                make(server, PLACES[each["kind"]].format(place), each)
        yield server


def make(api: KubeAPIServer, path: str, body: Object) -> None:
    status, said, _ = api.ask("POST", path, body)
    assert status == 201, said


@pytest.fixture
def gate(api: KubeAPIServer, tmp_path: Path) -> client.ApiClient:
    """The client of a gate."""
    made = client.Configuration()
    path = api.kubeconfig(tmp_path / "kubeconfig", GUEST)
    config.load_kube_config(str(path), client_configuration=made)
    made.retries = False
    return client.ApiClient(made)


@pytest.fixture
def store(gate: client.ApiClient) -> ClusterStore:
    wait_for("its rights count", lambda: not denied(gate), SECONDS)
    return ClusterStore(gate)


def denied(gate: client.ApiClient) -> bool:
    try:
        ClusterStore(gate).read("nobody.", ZONE)
    except RefusedError:
        return True
    return False


def claims(*texts: str) -> Claims:
    """TXT RRsets with these owner names and texts: `NAME TEXT`."""
    pairs = [each.split() for each in texts]
    return {
        (f"{name}.example.com.", "TXT"): Claim(60, (f'"{text}"',), SINCE) for name, text in pairs
    }


def found(api: KubeAPIServer, key: str) -> Object:
    status, said, _ = api.ask("GET", f"{SETS}/{record_sets.name(key, ZONE)}")
    assert status == 200, said
    return dict(said)


def test_what_is_written_is_read_again(api: KubeAPIServer, store: ClusterStore) -> None:
    key = "_acme.Example."
    assert store.read(key, ZONE) == Stored({})
    first = store.write(key, ZONE, claims("a one", "b two"), "")
    assert first.claims == claims("a one", "b two") and store.read(key, ZONE) == first
    second = store.write(key, ZONE, claims("b three", "c four"), first.version)
    assert second.claims == claims("b three", "c four") and second.generation > first.generation
    emptied = store.write(key, ZONE, {}, second.version)
    assert emptied.claims == {} and emptied.version

    made = found(api, key)
    assert made["spec"] == {"zoneRef": {"name": "example-com"}, "dynamicRecords": []}
    assert made["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "dnsfleet-gate",
        "dnsfleet.io/tsig-key": "acme-example",
    }
    assert {each["manager"] for each in made["metadata"]["managedFields"]} == {"dnsfleet-gate"}


def test_a_write_of_an_old_version_changes_nothing(api: KubeAPIServer, store: ClusterStore) -> None:
    first = store.write("races.", ZONE, claims("a one"), "")
    second = store.write("races.", ZONE, claims("a two"), first.version)
    for version in ("", first.version):
        with pytest.raises(ConflictError):
            store.write("races.", ZONE, claims("a three"), version)
    assert store.read("races.", ZONE) == second
    api.ask("DELETE", f"{SETS}/{record_sets.name('races.', ZONE)}")
    with pytest.raises(ConflictError):
        store.write("races.", ZONE, claims("a three"), second.version)
    assert store.read("races.", ZONE) == Stored({})


def test_a_status_is_no_other_version(api: KubeAPIServer, store: ClusterStore) -> None:
    first = store.write("statuses.", ZONE, claims("a one"), "")
    condition = {
        "type": "Accepted",
        "status": "True",
        "reason": "Accepted",
        "message": "",
        "lastTransitionTime": SINCE,
    }
    objects = client.CustomObjectsApi(administrator(api))
    objects.patch_namespaced_custom_object_status(
        "dnsfleet.io",
        "v1alpha1",
        "dns",
        "recordsets",
        record_sets.name("statuses.", ZONE),
        {"status": {"conditions": [condition]}},
        _content_type="application/merge-patch+json",
    )
    assert store.read("statuses.", ZONE).version == first.version
    assert store.write("statuses.", ZONE, claims("a two"), first.version).claims == claims("a two")


def test_what_the_api_server_does_not_take_is_refused(
    api: KubeAPIServer, store: ClusterStore
) -> None:
    first = store.write("odd.", ZONE, claims("a one"), "")
    odd = {("b.example.com.", "TXT"): Claim(-1, ('"one"',), SINCE)}
    with pytest.raises(RefusedError, match="ttl"):
        store.write("odd.", ZONE, odd, first.version)
    with pytest.raises(RefusedError, match="ttl"):
        store.write("odd too.", ZONE, odd, "")
    assert store.read("odd.", ZONE) == first


def test_what_others_have_is_left_alone(api: KubeAPIServer, store: ClusterStore) -> None:
    spec = {"zoneRef": {"name": "example-com"}, "records": [record("a", "theirs")]}
    body = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "RecordSet", "spec": spec}
    make(api, SETS, {**body, "metadata": {"name": record_sets.name("theirs.", ZONE)}})
    with pytest.raises(RefusedError, match="is of somebody else: it is not dynamic"):
        store.read("theirs.", ZONE)
    with pytest.raises(ConflictError):
        store.write("theirs.", ZONE, claims("a ours"), "")
    assert found(api, "theirs.")["spec"]["records"] == [record("a", "theirs")]


def record(name: str, text: str) -> Object:
    return {"name": f"{name}.example.com.", "type": "TXT", "data": [f'"{text}"']}


def test_an_entry_that_somebody_else_applied_goes_when_it_is_to(
    api: KubeAPIServer, store: ClusterStore
) -> None:
    first = store.write("shared.", ZONE, claims("a one", "b two"), "")
    objects = client.CustomObjectsApi(administrator(api))
    place = ("dnsfleet.io", "v1alpha1", "dns", "recordsets", record_sets.name("shared.", ZONE))
    theirs = {**record("a", "one"), "ttl": 60, "since": SINCE}
    body = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "RecordSet",
        "spec": {"dynamicRecords": [theirs]},
    }
    objects.patch_namespaced_custom_object(
        *(*place, body),
        field_manager="people",
        force=True,
        _content_type="application/apply-patch+yaml",
    )
    version = store.read("shared.", ZONE).version
    assert version != first.version
    assert store.write("shared.", ZONE, claims("b three"), version).claims == claims("b three")
    metadata = found(api, "shared.")["metadata"]
    assert "people" not in {each["manager"] for each in metadata["managedFields"]}


def administrator(api: KubeAPIServer) -> client.ApiClient:
    made = client.Configuration(host=f"https://127.0.0.1:{api.port}")
    made.ssl_ca_cert = str(api.authority)
    made.api_key = {"authorization": "Bearer tests"}
    return client.ApiClient(made)


def test_what_the_operator_says_counts_for_its_generation(
    api: KubeAPIServer, store: ClusterStore
) -> None:
    first = store.write("judged.", ZONE, claims("a one"), "")
    assert (first.programmed, first.propagated, first.refusal) == (0, 0, "")
    say(api, "judged.", first.generation, Accepted="True", Programmed="True", Propagated="False")
    judged = store.read("judged.", ZONE)
    assert (judged.programmed, judged.propagated) == (first.generation, 0)
    second = store.write("judged.", ZONE, claims("a two"), judged.version)
    assert (second.programmed, second.refusal) == (0, ""), "it is about the generation before"
    say(api, "judged.", second.generation, Accepted="False", Programmed="False")
    assert store.read("judged.", ZONE).refusal == "as tested"


def say(api: KubeAPIServer, key: str, generation: int, **statuses: str) -> None:
    """Write conditions, as the operator does."""
    conditions = [
        {
            "type": kind,
            "status": status,
            "observedGeneration": generation,
            "lastTransitionTime": SINCE,
            "reason": "Tested",
            "message": "as tested",
        }
        for kind, status in statuses.items()
    ]
    whole = found(api, key) | {"status": {"conditions": conditions}}
    status, said, _ = api.ask("PUT", f"{SETS}/{record_sets.name(key, ZONE)}/status", whole)
    assert status == 200, said


def test_what_the_api_server_refuses_is_told(store: ClusterStore) -> None:
    bad: Claims = {("a.example.com.", "SOA"): Claim(60, ("x",), SINCE)}
    with pytest.raises(RefusedError, match="the SOA comes from the Zone only"):
        store.write("bad.", ZONE, bad, "")
    for other in (Reference("Zone", "web", "z"), Reference("Zone", "nowhere", "z")):
        with pytest.raises(RefusedError, match="forbidden"):
            store.write("k.", other, claims("a one"), "")


def test_an_api_server_that_is_away_is_told(tmp_path: Path) -> None:
    made = client.Configuration(host="https://127.0.0.1:1")
    made.retries = False
    with pytest.raises(UnavailableError, match="read recordset dns/update-k-"):
        ClusterStore(client.ApiClient(made)).read("k.", ZONE)


def test_a_thousand_rrsets_are_written(store: ClusterStore) -> None:
    many = claims(*(f"n{number} {'x' * 200}" for number in range(1000)))
    first = store.write("many.", ZONE, many, "")
    second = store.write("many.", ZONE, dict(list(many.items())[:999]), first.version)
    assert len(first.claims) == 1000 and len(second.claims) == 999


def settings(pod: str, address: str) -> UpdateSettings:
    return UpdateSettings(
        namespace=NAMESPACE, name=NAME, pod_name=pod, pod_ip=address, node_name="node"
    )


def leads_to(api: KubeAPIServer) -> list[str]:
    """The addresses to which the Service leads."""
    status, said, _ = api.ask("GET", SLICE)
    return [each["addresses"][0] for each in said["endpoints"]] if status == 200 else []


def test_one_gate_leads_and_the_service_leads_to_it(
    api: KubeAPIServer, gate: client.ApiClient
) -> None:
    one = Leading(gate, settings("gate-1", "192.0.2.1"), 5353)
    two = Leading(gate, settings("gate-2", "192.0.2.2"), 5353)
    one.start()
    wait_for("it leads", one.leads, SECONDS)
    wait_for("it is reached", lambda: leads_to(api) == ["192.0.2.1"], SECONDS)
    two.start()
    assert not two.leads()
    api.ask("DELETE", SLICE)
    wait_for("it is made again", lambda: leads_to(api) == ["192.0.2.1"], SECONDS)
    (owner,) = api.ask("GET", SLICE)[1]["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("Service", NAME)
    one.stop()
    wait_for("the other one leads", two.leads, SECONDS)
    wait_for("it is reached", lambda: leads_to(api) == ["192.0.2.2"], SECONDS)
    assert not one.leads() and two.problem == ""
    two.stop()
    assert api.ask("GET", LEASE)[1]["spec"]["holderIdentity"] == ""


def test_of_two_that_make_the_lease_one_has_it(api: KubeAPIServer, gate: client.ApiClient) -> None:
    api.ask("DELETE", LEASE)
    lease = LeaseObject(gate, NAME, NAMESPACE)
    assert lease.read() is None
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
    }
    assert lease.create({**body, "spec": {"holderIdentity": "one"}})
    assert not lease.create({**body, "spec": {"holderIdentity": "two"}})
    read = lease.read()
    assert read is not None and read["spec"]["holderIdentity"] == "one"
    assert lease.replace({**read, "spec": {"holderIdentity": "two"}})
    assert not lease.replace({**read, "spec": {"holderIdentity": "one"}}), "it has another version"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/other"),
        ("POST", f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"),
        ("PATCH", f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices/other"),
        ("DELETE", SLICE),
        ("GET", SETS),
        ("DELETE", f"{SETS}/any"),
        ("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets"),
        ("GET", "/apis/dnsfleet.io/v1alpha1/namespaces/dns/zones"),
    ],
)
def test_a_gate_may_do_nothing_else(api: KubeAPIServer, method: str, path: str) -> None:
    """Whatever is sent: RBAC comes before the object is read."""
    body = None if method == "GET" else {"metadata": {"name": path.rpartition("/")[2]}}
    status, said, _ = api.ask(method, path, body, GUEST)
    assert status == 403, said
