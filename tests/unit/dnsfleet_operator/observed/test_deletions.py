"""What the API server is asked about objects that are gone."""

import pytest
from dnsfleet.resources import Reference
from dnsfleet_operator.cluster import ClusterError
from dnsfleet_operator.observed.deletions import Deletions
from support.memory_clusters import MemoryCluster

CREATED = "2026-03-01T00:00:00Z"
PLACES = ("dns", "elsewhere")
AGAIN = "there is a Zone of that name again"


def zone(name: str, namespace: str) -> dict[str, object]:
    return {"kind": "Zone", "metadata": {"name": name, "namespace": namespace}}


def cluster(*limits: str) -> MemoryCluster:
    made = MemoryCluster()
    for place in PLACES:
        made.put({"kind": "Namespace", "metadata": {"name": place}})
    made.limit(*limits)
    return made


def gone(*names: str) -> dict[Reference, str]:
    return {Reference("Zone", *name.split("/")): CREATED for name in names}


@pytest.mark.parametrize("limits", [(), PLACES])
@pytest.mark.parametrize("others", [(), ("dns/c", "elsewhere/d")])
def test_one_that_is_there_again_was_not_meant_to_go(
    limits: tuple[str, ...], others: tuple[str, ...]
) -> None:
    found = cluster(*limits)
    found.put(zone("a", "dns"))
    asked = gone("dns/a", "elsewhere/b", *others)
    why = Deletions(found).why_not(asked)
    again = Reference("Zone", "dns", "a")
    assert why == dict.fromkeys(asked, None) | {again: AGAIN}


@pytest.mark.parametrize("others", [(), ("elsewhere/c",)])
def test_where_nobody_may_look_costs_no_other_namespace(others: tuple[str, ...]) -> None:
    found = cluster(*PLACES)
    found.forbid("elsewhere")
    why = Deletions(found).why_not(gone("dns/a", "elsewhere/b", *others))
    assert why.pop(Reference("Zone", "dns", "a")) is None
    assert why
    assert all(each is not None and "it cannot be looked up" in each for each in why.values())


def test_a_server_that_does_not_answer_is_asked_again() -> None:
    found = cluster(*PLACES)
    found.faults["Zone"] = ClusterError("no answer", 0)
    with pytest.raises(ClusterError, match="no answer"):
        Deletions(found).why_not(gone("dns/a"))
