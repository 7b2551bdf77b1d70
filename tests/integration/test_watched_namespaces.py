"""An operator that sees some namespaces only: what it publishes, and what it leaves as it is."""

from pathlib import Path
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet_operator.observed.observation import Observation
from support.controlled_fleets import ControlledFleet
from support.valkey import Valkey
from support.waiting import wait_for
from support.zone_writers import GRACE_SECONDS, Writer, record_set, zone

from bench.operator_fleets import OPERATOR, running
from bench.operator_objects import Size, origin, set_name, set_records, team, zone_records

ABSENCES = "dnsfleet:1:absences"
LONG = 100 * GRACE_SECONDS
SECONDS = 90.0
A, B = "a.example.", "b.example."
BOTH = {A: 3, B: 3}
WIDE: dict[str, Any] = {"namespaces": {"from": "All"}}


def writer(core: Valkey, *namespaces: str) -> Writer:
    """A new operator, which sees these namespaces, or all."""
    made = Writer(core)
    made.observation = Observation(namespaces)
    return made


def sweep(writer: Writer, now: float) -> dict[str, int]:
    """Look once and do what follows; what is served then."""
    writer.passes.sweep(writer.observation, now)
    writer.work()
    return writer.served()


def notes(core: Valkey) -> dict[bytes, bytes]:
    with core.client() as client:
        found: dict[bytes, bytes] = client.hgetall(ABSENCES)
    return found


def elsewhere(name: str) -> dict[str, Any]:
    return zone(name, namespace="elsewhere")


def test_a_zone_that_is_not_seen_any_more_is_an_orphan_that_stays(core: Valkey) -> None:
    writer(core).run(zone("a"), elsewhere("b"))
    narrow = writer(core, "dns")
    narrow.list(zone("a"))
    for now in (0.0, GRACE_SECONDS, LONG):
        assert sweep(narrow, now) == BOTH
        assert narrow.passes.orphans == 1
        assert narrow.passes.first_removal is None
        assert notes(core) == {b"Zone b.example.": b"-"}


def test_an_origin_that_is_not_seen_stays_with_its_owner(core: Valkey) -> None:
    """Else whoever is seen could take it after the grace period."""
    writer(core).run(zone("a"), elsewhere("b"))
    narrow = writer(core, "dns")
    claimant = zone("claimant", hosts=5)
    claimant["spec"]["origin"] = "b.example"
    for now in (0.0, LONG):
        narrow.list(zone("a"), claimant)
        assert sweep(narrow, now) == BOTH
        found = narrow.passes.results.violations[Reference("Zone", "dns", "claimant")]
        assert [each.reason for each in found] == ["ZoneReserved"]


def test_one_that_is_seen_again_is_missed_from_then_on(core: Valkey) -> None:
    writer(core).run(zone("a"), elsewhere("b"))
    narrow = writer(core, "dns")
    narrow.list(zone("a"))
    sweep(narrow, 0.0)
    wide = writer(core)
    wide.list(zone("a"), elsewhere("b"))
    assert sweep(wide, LONG) == BOTH
    assert notes(core) == {}

    wide = writer(core, "dns", "elsewhere")
    wide.list(zone("a"))
    assert sweep(wide, LONG) == BOTH
    assert sweep(wide, LONG + GRACE_SECONDS - 1) == BOTH
    assert sweep(wide, LONG + GRACE_SECONDS) == {A: 3}


def test_what_a_record_set_that_is_not_seen_added_stays(core: Valkey) -> None:
    open_zone = zone("a")
    open_zone["spec"]["recordSets"] = WIDE
    added = record_set("web", "web")
    added["metadata"]["namespace"] = "elsewhere"
    added["spec"]["zoneRef"]["namespace"] = "dns"
    seen = record_set("seen", "seen")
    assert writer(core).run(open_zone, seen, added).failed == ""
    narrow = writer(core, "dns")
    narrow.list(open_zone, seen)
    for now in (0.0, LONG):
        assert sweep(narrow, now) == {A: 5}
        assert notes(core) == {b"RecordSet elsewhere/web": b"-"}
    wide = writer(core)
    wide.list(open_zone, seen)
    assert sweep(wide, LONG) == {A: 5}
    assert sweep(wide, LONG + GRACE_SECONDS) == {A: 4}


@pytest.mark.parametrize("kind", ["Zone", "RecordSet"])
def test_a_namespace_whose_list_is_refused_keeps_what_is_known_of_it(kind: str) -> None:
    observation = Observation(("dns", "elsewhere"))
    for found in (zone("a"), elsewhere("b")):
        observation.put({**found, "kind": kind})
    observation.begin_list(kind)
    observation.refuse(kind, "elsewhere")
    gone = [reference for reference, _ in observation.end_list(kind, 10**9)]
    assert gone == [Reference(kind, "dns", "a")]
    assert observation.sees(kind, "dns")
    assert not observation.sees(kind, "elsewhere")
    assert not observation.sees(kind, None)
    observation.begin_list(kind)
    observation.end_list(kind, 10**9)
    assert observation.sees(kind, "elsewhere")


def team_zone(name: str, namespace: str, address: str = "192.0.2.1") -> dict[str, Any]:
    spec = {
        "origin": f"{name}.example",
        "nameServers": ["ns1.example.net"],
        "records": [{"name": "www", "type": "A", "data": [address]}],
    }
    metadata = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": metadata,
        "spec": spec,
    }


def limited(*namespaces: str) -> dict[str, str]:
    return {"DNSFLEET_WATCH_NAMESPACES": ",".join(namespaces)}


def namespace(name: str) -> dict[str, Any]:
    return {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}}


def test_a_narrower_operator_needs_no_right_elsewhere(core: Valkey) -> None:
    """The API server here refuses every look at Zones and RecordSets of other namespaces."""
    with ControlledFleet(core) as wide:
        wide.put(namespace("elsewhere"))
        wide.put(team_zone("a", "dns"))
        wide.put(team_zone("b", "elsewhere"))
        wide.wait_until_served(A, "www.a.example.", "192.0.2.1")
        wide.wait_until_served(B, "www.b.example.", "192.0.2.1")
    wide.cluster.limit("dns")
    with ControlledFleet(core, wide, environment=limited("dns")) as narrow:
        narrow.put(team_zone("a", "dns", "192.0.2.2"))
        narrow.wait_until_served(A, "www.a.example.", "192.0.2.2")
        narrow.controller.sync()
        wait_for(
            "it is told",
            lambda: narrow.metrics.registry.get_sample_value("dnsfleet_orphans") == 1,
            SECONDS,
        )
        narrow.wait_until_served(B, "www.b.example.", "192.0.2.1")


def test_a_namespace_whose_rights_are_taken_away_costs_no_other(core: Valkey) -> None:
    """Whoever has a namespace may end a RoleBinding in it; they also go with the namespace."""
    with ControlledFleet(core) as wide:
        for name in ("elsewhere", "left"):
            wide.put(namespace(name))
        for name, where in (("a", "dns"), ("b", "elsewhere"), ("c", "left")):
            wide.put(team_zone(name, where))
            wide.wait_until_served(f"{name}.example.", f"www.{name}.example.", "192.0.2.1")
    places = ("dns", "elsewhere", "left")
    cluster = wide.cluster
    cluster.limit(*places)
    cluster.forbid("elsewhere", "left")
    cluster.delete(namespace("left"))
    with ControlledFleet(core, wide, environment=limited(*places)) as narrow:
        narrow.put(team_zone("a", "dns", "192.0.2.2"))
        narrow.wait_until_served(A, "www.a.example.", "192.0.2.2")
        for name in ("b", "c"):
            narrow.wait_until_served(f"{name}.example.", f"www.{name}.example.", "192.0.2.1")
        cluster.forbid()
        narrow.controller.sync()
        narrow.put(team_zone("b", "elsewhere", "192.0.2.2"))
        narrow.wait_until_served(B, "www.b.example.", "192.0.2.2")


def test_a_whole_operator_watches_and_publishes_some_namespaces(tmp_path: Path) -> None:
    size = Size(101, record_sets=2)
    command = ("env", f"DNSFLEET_WATCH_NAMESPACES={team(100)},not-there", *OPERATOR)
    with running(size, tmp_path, command) as fleet:
        began = fleet.start()
        seen, unseen = origin(100), origin(0)

        def published(after: float) -> bool:
            return fleet.published(seen, after) is not None

        fleet.wait_until("the zone that it sees", lambda: published(began), SECONDS)
        spec = {"records": zone_records("192.0.2.7")}
        change = fleet.api.patch("Zone", "zone-100", team(100), {"spec": spec})
        fleet.wait_until("a change of it", lambda: published(change.accepted), SECONDS)
        spec, (name, where) = {"records": set_records(1, "192.0.2.8")}, set_name(100, 1)
        assert where == team(100)
        change = fleet.api.patch("RecordSet", name, where, {"spec": spec})
        fleet.wait_until("one of a RecordSet", lambda: published(change.accepted), SECONDS)
        assert fleet.published(unseen, began) is None
        assert "status" not in fleet.api.get("Zone", "zone-0", team(0))
