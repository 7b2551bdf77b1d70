"""Which of several releases in a cluster leads."""

import itertools

import pytest
from dnsfleet_operator.cluster import ClusterError, Object
from dnsfleet_operator.configuration import from_environment
from dnsfleet_operator.leading import releases
from dnsfleet_operator.leading.precedence import Precedence
from dnsfleet_operator.leading.releases import GONE_SECONDS, Release
from dnsfleet_operator.metrics import Metrics
from support.memory_clusters import MemoryCluster
from support.release_objects import edges, operator

OLD, NEW, LATER = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"
A, B = Release("a", "dnsfleet"), Release("b", "dnsfleet")


def precedence(cluster: MemoryCluster, namespace: str) -> Precedence:
    environment = {
        "DNSFLEET_NAMESPACE": namespace,
        "POD_NAME": "operator-1",
        "DNSFLEET_EDGE_IMAGE": "edge",
        "DNSFLEET_CORE_HOST": "core",
    }
    return Precedence(cluster, from_environment(environment), Metrics(), lambda: None)


@pytest.mark.parametrize(
    ("there", "leads"),
    [
        ([operator("a", OLD)], A),
        ([operator("a", OLD), operator("b", NEW)], A),
        ([operator("a", NEW), operator("b", OLD)], B),
        ([operator("a", NEW), edges("a", OLD), operator("b", OLD)], A),
        ([operator("a", OLD), edges("a", OLD), operator("b", NEW), edges("b", NEW)], A),
        ([edges("a", OLD), operator("b", NEW)], B),
        ([operator("a", OLD), operator("a", NEW, "other")], A),
        ([operator("a", OLD, "other"), operator("a", NEW)], Release("a", "other")),
    ],
)
def test_one_release_goes_before_all_others(there: list[Object], leads: Release) -> None:
    for listed in itertools.permutations(there):
        for ours in (A, B):
            assert releases.first(listed, ours) == leads


def test_two_of_the_same_second_agree_on_one() -> None:
    both = [operator("a", OLD), operator("b", OLD)]
    assert releases.first(both, A) == releases.first(both[::-1], B)


def test_an_operator_without_a_deployment_leads_only_where_there_is_none() -> None:
    assert releases.first([], A) == A
    assert releases.first([edges("b", OLD)], A) == A
    assert releases.first([operator("b", NEW)], A) == B


def test_a_release_stands_aside_and_says_for_whom_and_what_to_do() -> None:
    cluster = MemoryCluster()
    cluster.put(operator("a", OLD))
    cluster.put(operator("b", NEW))
    second = precedence(cluster, "b")
    assert "not known yet" in second.problem
    for now in range(100):
        second.look(float(now))
        assert "dnsfleet in the namespace a leads" in second.problem
        assert "helm uninstall dnsfleet -n b" in second.problem
    (event,) = cluster.objects("Event")
    assert (event["type"], event["reason"]) == ("Warning", "StandsAside")
    assert event["note"] == second.problem
    regarding = event["regarding"]
    assert (regarding["apiVersion"], regarding["kind"]) == ("apps/v1", "Deployment")
    assert (regarding["namespace"], regarding["name"]) == ("b", "dnsfleet-operator")


def test_it_leads_when_the_other_one_is_gone_for_good() -> None:
    cluster = MemoryCluster()
    old = cluster.put(operator("a", OLD))
    cluster.put(operator("b", NEW))
    second = precedence(cluster, "b")
    second.look(0.0)
    cluster.delete(old)
    second.look(GONE_SECONDS - 0.1)
    assert second.problem
    second.look(GONE_SECONDS)
    assert second.problem == ""


def test_nobody_takes_turns_where_a_deployment_is_made_anew() -> None:
    cluster = MemoryCluster()
    old = cluster.put(operator("a", OLD))
    cluster.put(edges("a", OLD))
    cluster.put(operator("b", NEW))
    first, second = precedence(cluster, "a"), precedence(cluster, "b")
    second.look(0.0)
    cluster.delete(old)
    second.look(30.0)
    assert second.problem
    cluster.put(operator("a", LATER))
    for now in (30.0, 60.0, 90.0, 120.0, 150.0):
        first.look(now)
        second.look(now)
        assert first.problem == ""
        assert second.problem


def test_who_took_over_keeps_the_fleet_when_the_first_comes_back() -> None:
    cluster = MemoryCluster()
    for each in (edges("a", OLD), operator("b", NEW), edges("b", NEW)):
        cluster.put(each)
    cluster.put(operator("a", LATER))
    first, second = precedence(cluster, "a"), precedence(cluster, "b")
    for now in (0.0, 30.0, 60.0, 90.0):
        first.look(now)
        second.look(now)
        assert first.problem
        assert second.problem == ""


def test_a_look_that_fails_changes_nothing() -> None:
    cluster = MemoryCluster()
    old = cluster.put(operator("a", OLD))
    cluster.put(operator("b", NEW))
    first, second = precedence(cluster, "a"), precedence(cluster, "b")
    first.look(0.0)
    second.look(0.0)
    cluster.delete(old)
    cluster.faults["Deployment"] = ClusterError("away", 503)
    for each in (first, second):
        before = each.problem
        with pytest.raises(ClusterError):
            each.look(2 * GONE_SECONDS)
        assert each.problem == before
