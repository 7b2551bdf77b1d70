"""Which ConfigMaps are asked for in a turn, and how many."""

from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet_operator.cluster import ClusterError
from dnsfleet_operator.leading.config_maps import EVERY_SECONDS, READS_A_SECOND, ConfigMapReads
from dnsfleet_operator.observed.observation import Observation
from support.memory_clusters import MemoryCluster


def reference(number: int) -> Reference:
    return Reference("ConfigMap", "dns", f"file-{number:04}")


def named(count: int) -> Observation:
    """What is known of Zones of which each names a ConfigMap."""
    observation = Observation()
    for number in range(count):
        file = {"configMaps": [{"name": reference(number).name, "key": "zone"}]}
        metadata = {
            "name": f"zone-{number}",
            "namespace": "dns",
            "uid": f"{number}",
            "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z",
        }
        spec = {"origin": f"zone{number}.example", "zoneFile": file}
        zone = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Zone", "metadata": metadata}
        observation.put({**zone, "spec": spec})
    return observation


def config_map(number: int, text: str = "") -> dict[str, Any]:
    metadata = {"name": reference(number).name, "namespace": "dns"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"zone": text}}


@pytest.mark.parametrize(
    ("count", "turns"),
    [(0, 0), (1, 1), (9, 9), (100, EVERY_SECONDS), (250, 25)],
)
def test_all_are_asked_for_in_turn_and_only_so_many_at_once(count: int, turns: int) -> None:
    cluster, observation = MemoryCluster(), named(count)
    for number in range(count):
        cluster.put(config_map(number))
    reads = ConfigMapReads(cluster, observation)
    found = []
    for turn in range(turns):
        before = cluster.versions_asked
        found += reads.look()
        assert cluster.versions_asked - before <= READS_A_SECOND, turn
    assert sorted(found) == [reference(number) for number in range(count)]
    assert all(observation.get(each) is not None for each in found)
    asked = cluster.versions_asked
    assert [each for _ in range(turns) for each in reads.look()] == []
    assert cluster.versions_asked == 2 * asked


def test_one_that_changes_or_goes_is_told_once() -> None:
    cluster, observation = MemoryCluster(), named(1)
    reads = ConfigMapReads(cluster, observation)
    assert reads.look() == []
    for text in ("one", "two"):
        made = cluster.put(config_map(0, text))
        assert reads.look() == [reference(0)]
        known = observation.get(reference(0))
        assert known is not None
        assert known.version == int(made["metadata"]["resourceVersion"])
        assert reads.look() == []
    cluster.delete(config_map(0))
    assert reads.look() == [reference(0)]
    assert observation.get(reference(0)) is None
    assert reads.look() == []


def test_one_that_is_refused_costs_no_other_and_a_silent_server_ends_the_turn() -> None:
    cluster, observation = MemoryCluster(), named(1)
    cluster.put(config_map(0))
    reads = ConfigMapReads(cluster, observation)
    cluster.faults["ConfigMap"] = ClusterError("get ConfigMap dns/file-0000: forbidden (403)", 403)
    assert reads.look() == []
    cluster.faults["ConfigMap"] = ClusterError("no answer", 0)
    with pytest.raises(ClusterError, match="no answer"):
        reads.look()
    cluster.faults.clear()
    assert reads.look() == [reference(0)]


def test_one_that_no_zone_names_any_more_is_not_asked_for() -> None:
    cluster, observation = MemoryCluster(), named(20)
    reads = ConfigMapReads(cluster, observation)
    reads.look()
    for number in range(20):
        observation.remove(Reference("Zone", "dns", f"zone-{number}"), f"{number}")
    asked = cluster.versions_asked
    reads.look()
    assert cluster.versions_asked == asked
