"""A pass over a Pop whose objects the API server refuses, some or all of them."""

from dataclasses import replace
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet_operator.cluster import ClusterError, Object
from dnsfleet_operator.observed.observation import Observation
from dnsfleet_operator.observed.workloads import KINDS, Workloads
from dnsfleet_operator.pops.passes import PopPasses, PopResult
from dnsfleet_operator.pops.setting import CoreUser
from support.complete_lists import list_all
from support.installations import CONFIGURATION
from support.memory_clusters import MemoryCluster, name_of

FRA = Reference("Pop", "", "fra")
NAMESPACE = CONFIGURATION.namespace
ALL = {
    ("ConfigMap", "pop-fra"),
    ("Deployment", "pop-fra-edge"),
    ("Deployment", "pop-fra-replica"),
    ("NetworkPolicy", "pop-fra-edge"),
    ("NetworkPolicy", "pop-fra-replica"),
    ("PodDisruptionBudget", "pop-fra-edge"),
    ("Service", "pop-fra-dns"),
    ("Service", "pop-fra-replica"),
}
IMMUTABLE = ClusterError("patch Service dns/pop-fra-dns: field is immutable (422)", 422)


class RefusingCluster(MemoryCluster):
    """Refuses to read, apply or delete some objects."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[tuple[str, str, str], ClusterError] = {}
        """By what is asked, kind and name."""
        self.asked: list[tuple[str, str, str]] = []

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        self._refuse("get", kind, name)
        return super().get(kind, name, namespace)

    def apply(self, wanted: Object, subresource: str = "") -> Object | None:
        self._refuse("apply", *name_of(wanted)[:2])
        return super().apply(wanted, subresource)

    def delete(self, found: Object, *, unchanged: bool = False) -> None:
        self._refuse("delete", *name_of(found)[:2])
        super().delete(found)

    def there(self) -> set[tuple[str, str]]:
        """What there is of the Pop: kind and name."""
        kinds = {kind for kind, _ in ALL}
        found = {(kind, each["metadata"]["name"]) for kind in kinds for each in self.objects(kind)}
        return found & ALL

    def _refuse(self, *asked: str) -> None:
        what, kind, name = asked
        self.asked.append((what, kind, name))
        if (error := self.refused.get((what, kind, name))) is not None:
            raise error


class Installation:
    """A Pop and the passes over it."""

    def __init__(self) -> None:
        self.cluster = RefusingCluster()
        self.observation = Observation()
        self.workloads = Workloads()
        list_all(self.observation)
        self.passes = PopPasses(self.cluster, CONFIGURATION, self.observation, self.workloads)
        self.passes.public_keys = "PEM"

    def put(self, **spec: Any) -> None:
        api_version = "dnsfleet.io/v1alpha1"
        pop = {"apiVersion": api_version, "kind": "Pop", "metadata": {"name": "fra"}, "spec": spec}
        self.observation.put(self.cluster.put(pop))

    def end(self) -> None:
        """The Pop is deleted; its workloads are known."""
        for kind in KINDS:
            self.workloads.replace(kind, self.cluster.objects(kind, NAMESPACE))
        (pop,) = self.cluster.objects("Pop")
        self.cluster.delete(pop)
        self.observation.remove(FRA, pop["metadata"]["uid"])
        self.passes.decide({})

    def run(self) -> PopResult | None:
        """One pass, which fails."""
        with pytest.raises(ClusterError):
            self.passes.run("fra")
        return self.passes.results.get("fra")


@pytest.fixture
def fleet() -> Installation:
    fleet = Installation()
    fleet.put()
    return fleet


def versions(fleet: Installation) -> dict[tuple[str, str], str]:
    found = {key: fleet.cluster.get(*key, NAMESPACE) for key in ALL}
    return {key: each["metadata"]["resourceVersion"] for key, each in found.items() if each}


def test_what_a_pass_applied_is_known_before_any_event_of_it(fleet: Installation) -> None:
    """A status that is told next must not call the edges complete by what was there before."""
    fleet.passes.run("fra")
    fleet.put(edge={"shards": 8})
    fleet.passes.run("fra")
    now = fleet.cluster.get("Deployment", "pop-fra-edge", NAMESPACE)
    known = fleet.workloads.get("Deployment", "pop-fra-edge")
    assert now is not None and known is not None
    assert known["metadata"]["generation"] == now["metadata"]["generation"] == 2


def test_a_joined_pop_whose_object_is_gone_keeps_what_it_has() -> None:
    """A new operator without the core knows nothing of the Pop."""
    fleet = Installation()
    fleet.put(edge={"nodeSelector": {"disk": "fast"}, "shards": 4})
    fleet.passes.run("fra")
    before = versions(fleet)
    anew = PopPasses(fleet.cluster, CONFIGURATION, Observation(), Workloads())
    anew.apply_replica("fra")
    assert versions(fleet) == before
    lost = fleet.cluster.get("Service", "pop-fra-replica", NAMESPACE)
    assert lost is not None
    fleet.cluster.delete(lost)
    anew.apply_replica("fra")
    there = versions(fleet)
    assert there.pop(("Service", "pop-fra-replica"))
    assert there.items() <= before.items()


def test_a_pop_that_never_had_a_spec_has_its_replica_follow_the_join_secret() -> None:
    cluster = RefusingCluster()
    passes = PopPasses(cluster, CONFIGURATION, Observation(), Workloads())

    def annotations(version: str) -> object:
        passes.joined = CoreUser("pop-fra", "dnsfleet-join", "password", version)
        passes.apply_replica("fra")
        found = cluster.get("Deployment", "pop-fra-replica", NAMESPACE)
        return found and found["spec"]["template"]["metadata"]["annotations"]

    assert annotations("-first") != annotations("-second")


def test_a_prober_comes_and_ends_with_the_value_that_asks_for_it() -> None:
    fleet = Installation()
    fleet.put()

    def probers() -> list[str]:
        kinds = ("Deployment", "NetworkPolicy")
        there = [each for kind in kinds for each in fleet.cluster.objects(kind, NAMESPACE)]
        return [each["kind"] for each in there if each["metadata"]["name"] == "pop-fra-probe"]

    def run(probes: bool) -> None:
        configuration = replace(CONFIGURATION, probes=probes)
        fleet.passes = PopPasses(fleet.cluster, configuration, fleet.observation, fleet.workloads)
        fleet.passes.public_keys = "PEM"
        fleet.passes.run("fra")
        for kind in KINDS:
            fleet.workloads.replace(kind, fleet.cluster.objects(kind, NAMESPACE))

    run(probes=True)
    before = versions(fleet)
    assert probers() == ["Deployment", "NetworkPolicy"]
    run(probes=False)
    assert probers() == []
    after = versions(fleet)
    changed = {key for key in ALL if before[key] != after[key]}
    assert changed == {("NetworkPolicy", "pop-fra-replica")}
    run(probes=True)
    assert probers() == ["Deployment", "NetworkPolicy"]
    fleet.passes = PopPasses(fleet.cluster, CONFIGURATION, fleet.observation, fleet.workloads)
    fleet.end()
    fleet.passes.run("fra")
    assert (probers(), fleet.cluster.there()) == ([], set())


ON_NODES = {"exposure": "HostNetwork", "nodeSelector": {"dns": "yes"}}
BEHIND_SERVICE = {
    ("Deployment", "pop-fra-edge"),
    ("Service", "pop-fra-dns"),
    ("PodDisruptionBudget", "pop-fra-edge"),
}
OF_NODES = {("DaemonSet", "pop-fra-edge"), ("NetworkPolicy", "pop-fra-core")}


def exposed(fleet: Installation) -> set[tuple[str, str]]:
    """What there is of either exposure."""
    asked = BEHIND_SERVICE | OF_NODES
    return {key for key in asked if fleet.cluster.get(*key, NAMESPACE) is not None}


def see(fleet: Installation, **status: int) -> None:
    """The workloads are known, each with this status."""
    for kind in KINDS:
        found = fleet.cluster.objects(kind, NAMESPACE)
        whole = {"observedGeneration": 99} | status
        fleet.workloads.replace(kind, [each | {"status": whole} for each in found])


def test_an_exposure_ends_when_the_edges_of_the_other_one_serve(fleet: Installation) -> None:
    fleet.passes.run("fra")
    assert exposed(fleet) == BEHIND_SERVICE
    for edge, status, now in (
        (ON_NODES, {"desiredNumberScheduled": 2, "numberReady": 2}, OF_NODES),
        ({}, {"readyReplicas": 2}, BEHIND_SERVICE),
    ):
        fleet.put(edge=edge)
        see(fleet)
        fleet.passes.run("fra")
        assert exposed(fleet) == BEHIND_SERVICE | OF_NODES
        see(fleet, **{key: value - 1 for key, value in status.items()} | {"replicas": 2})
        if "readyReplicas" in status:
            fleet.passes.run("fra")
            assert exposed(fleet) == BEHIND_SERVICE | OF_NODES, "one of two is not enough"
        see(fleet, **status)
        fleet.passes.run("fra")
        assert exposed(fleet) == now


def test_a_pop_on_nodes_ends_whole(fleet: Installation) -> None:
    fleet.put(edge=ON_NODES)
    fleet.passes.run("fra")
    assert exposed(fleet) == OF_NODES
    fleet.end()
    fleet.passes.run("fra")
    assert (exposed(fleet), fleet.cluster.there()) == (set(), set())


def test_a_new_leader_sees_that_a_pop_on_nodes_is_out_of_service(fleet: Installation) -> None:
    fleet.put(edge=ON_NODES, state="Drained")
    see(fleet)
    fleet.passes.decide({})
    fleet.passes.run("fra")
    see(fleet)
    anew = PopPasses(fleet.cluster, CONFIGURATION, fleet.observation, fleet.workloads)
    anew.public_keys = "PEM"
    anew.run("fra")
    found = fleet.cluster.get("DaemonSet", "pop-fra-edge", NAMESPACE)
    assert found is not None
    pod = found["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"dns": "yes", "dnsfleet.io/out-of-service": "true"}


def test_one_object_that_is_refused_costs_no_other(fleet: Installation) -> None:
    fleet.cluster.refused["apply", "Service", "pop-fra-dns"] = IMMUTABLE
    result = fleet.run()
    assert fleet.cluster.there() == ALL - {("Service", "pop-fra-dns")}
    assert result is not None
    assert result.problem == ("ApplyFailed", str(IMMUTABLE))
    fleet.cluster.refused.clear()
    fleet.passes.run("fra")
    assert fleet.cluster.there() == ALL
    assert fleet.passes.results["fra"].problem is None


def test_an_object_that_cannot_be_read_costs_no_other(fleet: Installation) -> None:
    forbidden = ClusterError("get PodDisruptionBudget dns/pop-fra-edge: forbidden (403)", 403)
    fleet.cluster.refused["get", "PodDisruptionBudget", "pop-fra-edge"] = forbidden
    result = fleet.run()
    assert fleet.cluster.there() == ALL - {("PodDisruptionBudget", "pop-fra-edge")}
    assert result is not None
    assert result.problem == ("ApplyFailed", str(forbidden))


def test_all_that_is_refused_is_told(fleet: Installation) -> None:
    refused = {("Service", "pop-fra-dns"), ("NetworkPolicy", "pop-fra-edge")}
    for kind, name in refused:
        error = ClusterError(f"patch {kind} dns/{name}: no (422)", 422)
        fleet.cluster.refused["apply", kind, name] = error
    result = fleet.run()
    assert fleet.cluster.there() == ALL - refused
    assert result is not None
    assert result.problem == (
        "ApplyFailed",
        "patch Service dns/pop-fra-dns: no (422); patch NetworkPolicy dns/pop-fra-edge: no (422)",
    )


def test_no_pod_starts_with_a_configuration_that_was_refused(fleet: Installation) -> None:
    fleet.passes.run("fra")
    before = fleet.cluster.get("Deployment", "pop-fra-edge", NAMESPACE)
    fleet.put(edge={"shards": 4}, service={"type": "NodePort"})
    error = ClusterError("patch ConfigMap dns/pop-fra: over quota (403)", 403)
    fleet.cluster.refused["apply", "ConfigMap", "pop-fra"] = error
    result = fleet.run()
    assert fleet.cluster.get("Deployment", "pop-fra-edge", NAMESPACE) == before
    service = fleet.cluster.get("Service", "pop-fra-dns", NAMESPACE)
    assert service is not None
    assert service["spec"]["type"] == "NodePort"
    assert result is not None
    assert result.problem == ("ApplyFailed", f"{error}; Deployment pop-fra-edge waits for that")


@pytest.mark.parametrize("status", [0, 429, 503])
def test_a_server_that_answers_nobody_is_not_asked_for_each_object(
    fleet: Installation, status: int
) -> None:
    fleet.cluster.refused["apply", "Service", "pop-fra-dns"] = ClusterError("no", status, 2.0)
    with pytest.raises(ClusterError) as caught:
        fleet.passes.run("fra")
    applied = [(kind, name) for what, kind, name in fleet.cluster.asked if what == "apply"]
    assert applied[-1] == ("Service", "pop-fra-dns")
    assert (caught.value.status, caught.value.retry_after) == (status, 2.0)


def test_one_object_that_cannot_be_removed_costs_no_other_but_the_edges(
    fleet: Installation,
) -> None:
    fleet.passes.run("fra")
    fleet.end()
    error = ClusterError("delete Service dns/pop-fra-replica: forbidden (403)", 403)
    fleet.cluster.refused["delete", "Service", "pop-fra-replica"] = error
    assert fleet.run() is None
    edges = ("Deployment", "pop-fra-edge")  # by them the rest is found again
    assert fleet.cluster.there() == {("Service", "pop-fra-replica"), edges}
    fleet.cluster.refused.clear()
    fleet.passes.run("fra")
    assert fleet.cluster.there() == set()
