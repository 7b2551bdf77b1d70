"""The Fleet object is made, read and shown where that can be, and nothing waits for it."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet_operator.cluster import ClusterError, Object
from dnsfleet_operator.leading.fleet_objects import FleetObject, tell_without_keys
from dnsfleet_operator.secrets.key_keeping import STORED
from dnsfleet_operator.statuses.conditions import Condition
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.statuses.fleets import Facts
from support.memory_clusters import MemoryCluster

NAME = "dnsfleet"
FACTS = Facts("", 7, 100, (), {}, Condition("KeysReady", *STORED), 86400.0)


class Cluster(MemoryCluster):
    """May lack the kind: nothing is found then, and nothing can be made."""

    def __init__(self) -> None:
        super().__init__()
        self.knows_fleets = True

    def create(self, new: Object) -> Object:
        if not self.knows_fleets:
            raise ClusterError("post Fleet dnsfleet: Not Found (404)", 404)
        return super().create(new)


class Writer:
    """Writes each status at once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.writes = 0

    def put(
        self,
        reference: Reference,
        uid: str,
        status: Mapping[str, Any],
        notices: Sequence[Notice],
        urgent: bool,
    ) -> None:
        self.writes += 1
        metadata = {"name": reference.name, "uid": uid}
        self._cluster.apply({"kind": "Fleet", "metadata": metadata, "status": status}, "status")


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def annotate(cluster: Cluster, text: str) -> None:
    metadata = {"name": NAME, "annotations": {"dnsfleet.io/approve": text}}
    cluster.put({"kind": "Fleet", "metadata": metadata})


def test_it_is_made_and_its_approvals_are_read(cluster: Cluster) -> None:
    fleet = FleetObject(cluster, NAME, Writer(cluster).put)
    fleet.look()
    assert cluster.get("Fleet", NAME) is not None
    assert fleet.approvals == frozenset()
    annotate(cluster, "one, two,")
    fleet.look()
    assert fleet.approvals == {"one", "two"}
    found = cluster.get("Fleet", NAME)
    assert found is not None
    cluster.delete(found)
    fleet.look()
    assert fleet.approvals == frozenset()
    assert cluster.get("Fleet", NAME) is not None


def test_a_status_is_written_where_it_differs(cluster: Cluster) -> None:
    writer = Writer(cluster)
    fleet = FleetObject(cluster, NAME, writer.put)
    for writes in (1, 1):
        fleet.look()
        fleet.show(FACTS)
        assert writer.writes == writes
    again = FleetObject(cluster, NAME, writer.put)
    again.look()
    again.show(FACTS)
    assert writer.writes == 1, "another leader has nothing else to say"


@pytest.mark.parametrize("why", ["kind", "right"])
def test_without_the_kind_or_the_right_it_says_so_once_and_waits(
    cluster: Cluster, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    writer = Writer(cluster)
    fleet = FleetObject(cluster, NAME, writer.put)
    if why == "kind":
        cluster.knows_fleets = False
    else:
        cluster.faults["Fleet"] = ClusterError("get Fleet dnsfleet: forbidden (403)", 403)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            fleet.look()
            fleet.show(FACTS)
    assert len(caplog.records) == 1
    assert "works without its Fleet object" in caplog.text
    assert (writer.writes, fleet.approvals) == (0, frozenset())
    cluster.knows_fleets = True
    cluster.faults.clear()
    fleet.look()
    fleet.show(FACTS)
    assert writer.writes == 1


def test_an_api_server_that_does_not_answer_is_asked_again(cluster: Cluster) -> None:
    fleet = FleetObject(cluster, NAME, Writer(cluster).put)
    annotate(cluster, "one")
    fleet.look()
    cluster.faults["Fleet"] = ClusterError("get Fleet dnsfleet: no answer", 0)
    with pytest.raises(ClusterError):
        fleet.look()
    assert fleet.approvals == {"one"}


def test_an_operator_without_keys_tells_it_on_the_fleet_once(cluster: Cluster) -> None:
    def tell() -> None:
        tell_without_keys(cluster, NAME, "operator-1", "SecretLost", "it is gone")

    tell()
    assert cluster.objects("Event") == [], "there is no Fleet yet"
    writer = Writer(cluster)
    fleet = FleetObject(cluster, NAME, writer.put)
    fleet.look()
    fleet.show(FACTS)
    tell()
    tell()
    (event,) = cluster.objects("Event")
    assert (event["type"], event["reason"]) == ("Warning", "SecretLost")
    assert event["regarding"]["kind"] == "Fleet"
    told = {
        each["type"]: each["status"] for each in cluster.objects("Fleet")[0]["status"]["conditions"]
    }
    assert told == {
        "CoreAvailable": "True",
        "KeysReady": "False",
        "Held": "False",
        "Ready": "False",
    }


def test_a_fleet_that_cannot_be_written_keeps_no_operator_from_waiting(cluster: Cluster) -> None:
    cluster.faults["Fleet"] = ClusterError("forbidden", 403)
    tell_without_keys(cluster, NAME, "operator-1", "SecretLost", "it is gone")
    assert cluster.objects("Event") == []
