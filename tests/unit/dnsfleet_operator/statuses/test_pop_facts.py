"""What is known of a Pop, from the objects of its cluster."""

from typing import Any

import pytest
from dnsfleet.replication.sums import Positions
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.pops.passes import PopResult
from dnsfleet_operator.statuses import pop_facts, pops
from dnsfleet_operator.statuses.arrivals import Lag
from dnsfleet_operator.statuses.conditions import Condition
from dnsfleet_operator.statuses.propagation import Fleet
from support import yaml_resources

LABELS = {"dnsfleet.io/pop": "fra", "app.kubernetes.io/component": "edge"}
REFUSED = {
    "type": "ReplicaFailure",
    "status": "True",
    "message": 'pods "a" is forbidden: no PriorityClass with name high was found',
}


def progressing(spec: str, workloads: Workloads, result: PopResult) -> Condition:
    pop = yaml_resources.pop(spec)
    fleet = Fleet([], {}, {}, Positions(), 0)
    facts = pop_facts.facts(Drains(), workloads, fleet, Lag(0, 0, None), (), pop, result)
    return pops.of_pods(facts)[0]


def workloads(said: str = "", **status: Any) -> Workloads:
    """The edges of a Pop after a roll, one of which said something before it started."""
    found = Workloads()
    status = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2} | status
    metadata = {"resourceVersion": "1", "uid": "1", "labels": LABELS}
    found.put(
        {
            "kind": "Deployment",
            "metadata": metadata | {"name": "pop-fra-edge", "generation": 1},
            "spec": {"replicas": 2},
            "status": status,
        }
    )
    before = {"name": "check-cache", "state": {"terminated": {"message": said}}}
    found.put(
        {
            "kind": "Pod",
            "metadata": metadata | {"name": "pop-fra-edge-0"},
            "status": {"phase": "Running", "initContainerStatuses": [before]},
        }
    )
    return found


DONE = PopResult("uid", 1)


def test_a_pop_that_is_as_asked_has_nothing_to_tell() -> None:
    assert progressing("", workloads(), DONE) == Condition("Progressing", False, "Complete")


@pytest.mark.parametrize("status", ["True", "False"])
def test_pods_that_the_api_server_refuses_are_told(status: str) -> None:
    known = workloads(updatedReplicas=0, replicas=0, conditions=[REFUSED | {"status": status}])
    told = progressing("", known, DONE)
    assert told.reason == "Rolling"
    assert told.message.startswith("0 of 2 edges are of the newest version, 0 run")
    assert told.message.endswith("; " + REFUSED["message"]) is (status == "True")


def test_a_folder_that_edges_cannot_write_is_told_until_its_pod_is_gone() -> None:
    known = workloads("user 65532 cannot write /cache on node a")
    told = progressing("", known, DONE)
    assert (told.status, told.reason) == (False, "CacheNotWritable")
    assert told.message.endswith("user 65532 cannot write /cache on node a")
    known.replace("Pod", [])
    assert progressing("", known, DONE).reason == "Complete"


def test_a_field_without_effect_is_told_after_all_else() -> None:
    spec = "replica: {storage: 1Gi}"
    told = progressing(spec, workloads(), DONE)
    assert (told.status, told.reason) == (False, "FieldWithoutEffect")
    assert told.message.startswith("spec.replica.storage has no effect")
    assert progressing(spec, workloads("cannot"), DONE).reason == "CacheNotWritable"
    failed = PopResult("uid", 1, ("ApplyFailed", "so"))
    assert progressing(spec, workloads("cannot"), failed).reason == "ApplyFailed"


OWN = ["10.96.0.7", "fd00::7"]


def service(type_: str, *ingress: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"spec": {"type": type_, "clusterIPs": OWN}}
    return found | ({"status": {"loadBalancer": {"ingress": list(ingress)}}} if ingress else {})


@pytest.mark.parametrize(
    ("found", "addresses", "awaits"),
    [
        (None, (), False),
        (service("ClusterIP"), ("10.96.0.7", "fd00::7"), False),
        (service("NodePort"), ("10.96.0.7", "fd00::7"), False),
        (service("LoadBalancer"), (), True),
        ({**service("LoadBalancer"), "status": {"loadBalancer": {}}}, (), True),
        (service("LoadBalancer", {"ip": "192.0.2.7"}), ("192.0.2.7",), False),
        (
            service("LoadBalancer", {"ip": "192.0.2.7"}, {"hostname": "a.lb.example"}),
            ("192.0.2.7", "a.lb.example"),
            False,
        ),
        ({"spec": {"type": "ClusterIP", "clusterIPs": ["None"]}}, (), False),
    ],
)
def test_the_cluster_address_of_a_load_balancer_is_none_of_clients(
    found: dict[str, Any] | None, addresses: tuple[str, ...], awaits: bool
) -> None:
    assert pop_facts.addresses(found) == addresses
    assert pop_facts.awaits_address(found) is awaits
