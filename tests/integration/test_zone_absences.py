"""What is published and has no object leaves when its time is up, whoever leads meanwhile."""

import time
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet_cli.kubectl import command_line, main
from dnsfleet_operator.leading import terms
from dnsfleet_publisher.store_errors import Fenced
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet
from support.valkey import Valkey
from support.waiting import wait_for
from support.zone_writers import GRACE_SECONDS, Seen, Writer, changed, item, record_set, zone
from typer.testing import CliRunner, Result

ABSENCES = "dnsfleet:1:absences"
DEFINITION = ("CustomResourceDefinition", "zones.dnsfleet.io")
BOTH = {"a.example.": 3, "b.example.": 3}
LATER = "2999-01-01T00:00:00Z"
DAY = 24 * 3600


def sweep(writer: Writer, now: float) -> dict[str, int]:
    """Look once and do what follows; what is served then."""
    writer.passes.sweep(writer.observation, now)
    writer.work()
    return writer.served()


def notes(core: Valkey) -> dict[str, str]:
    with core.client() as client:
        found = client.hgetall(ABSENCES)
    return {field.decode(): value.decode() for field, value in found.items()}


def test_the_grace_period_goes_on_when_another_leads(core: Valkey) -> None:
    Writer(core).run(zone("a"), zone("b"))
    for now in (1000.0, 1000.0 + GRACE_SECONDS / 2, 999.0 + GRACE_SECONDS):
        writer = Writer(core)
        writer.list(zone("a"))
        assert sweep(writer, now) == BOTH
        assert notes(core) == {"Zone b.example.": "1000"}
    writer = Writer(core)
    writer.list(zone("a"))
    assert sweep(writer, 1000.0 + GRACE_SECONDS) == {"a.example.": 3}
    assert notes(core) == {}


def test_a_note_ends_with_the_absence(core: Valkey) -> None:
    Writer(core).run(zone("a"), zone("b"))
    writer = Writer(core)
    writer.list(zone("a"))
    sweep(writer, 0.0)
    assert notes(core) == {"Zone b.example.": "0"}
    writer.list(zone("a"), zone("b"))
    sweep(writer, 1.0)
    assert notes(core) == {}
    anew = Writer(core)
    anew.list(zone("a"))
    assert sweep(anew, GRACE_SECONDS) == BOTH, "it was there in between"


def test_an_empty_list_counts_while_the_crd_is_older_than_the_publication(core: Valkey) -> None:
    Writer(core).run(zone("a"))
    for now in (0.0, GRACE_SECONDS - 1):
        writer = Writer(core)
        writer.list()
        assert sweep(writer, now) == {"a.example.": 3}
        assert writer.passes.orphans == 1
    assert sweep(writer, GRACE_SECONDS) == {}


@pytest.mark.parametrize("kind", ["gone", "on its way out", "made anew"])
def test_an_empty_list_says_nothing_where_the_crd_is_not_that_of_the_publication(
    core: Valkey, kind: str
) -> None:
    Writer(core).run(zone("a"))
    writer = Writer(core)
    if kind == "gone":
        del writer.there[DEFINITION]
    elif kind == "made anew":
        writer.there[DEFINITION]["metadata"]["creationTimestamp"] = LATER
    else:
        writer.there[DEFINITION]["metadata"]["deletionTimestamp"] = LATER
    writer.list()
    for now in (0.0, GRACE_SECONDS, 9 * GRACE_SECONDS):
        assert sweep(writer, now) == {"a.example.": 3}
    assert notes(core) == {"Zone a.example.": "-"}


def test_what_is_published_once_more_does_not_count_as_if_its_object_had_said_so(
    core: Valkey,
) -> None:
    Writer(core).run(zone("a"))
    writer = Writer(core)
    writer.there[DEFINITION]["metadata"]["creationTimestamp"] = LATER
    writer.list()
    sweep(writer, 0.0)
    anew = Writer(core)  # by its clock the publication is newer than the CRD now
    anew.list()
    for now in (0.0, GRACE_SECONDS, 9 * GRACE_SECONDS):
        assert sweep(anew, now) == {"a.example.": 3}
    anew.list(zone("other"))
    assert sweep(anew, 10 * GRACE_SECONDS)["a.example."] == 3
    assert "a.example." not in sweep(anew, 11 * GRACE_SECONDS)


def test_a_record_set_that_went_with_its_namespace_is_noted_as_well(core: Valkey) -> None:
    mail = record_set("mail", "mail")
    Writer(core).run(zone("a"), record_set("web", "www"), mail)
    for now, records in ((0.0, 5), (GRACE_SECONDS - 1, 5), (GRACE_SECONDS, 4)):
        writer = Writer(core)
        del writer.there["Namespace", "dns"]
        writer.run(zone("a"), mail)
        assert sweep(writer, now) == {"a.example.": records}
    assert notes(core) == {}


def test_the_only_record_set_that_went_with_its_namespace_leaves_as_well(core: Valkey) -> None:
    Writer(core).run(zone("a"), record_set("web", "www"))
    for now, records in ((0.0, 4), (GRACE_SECONDS, 3)):
        writer = Writer(core)
        del writer.there["Namespace", "dns"]
        writer.run(zone("a"))
        assert sweep(writer, now) == {"a.example.": records}


def test_a_core_that_lost_its_notes_begins_again(core: Valkey) -> None:
    Writer(core).run(zone("a"), zone("b"))
    writer = Writer(core)
    writer.list(zone("a"))
    sweep(writer, 0.0)
    with core.client() as client:
        client.delete(ABSENCES)
    anew = Writer(core)
    anew.list(zone("a"))
    assert sweep(anew, GRACE_SECONDS) == BOTH
    assert sweep(anew, 2 * GRACE_SECONDS) == {"a.example.": 3}


def test_a_core_that_lost_everything_has_the_notes_of_the_leader_again(core: Valkey) -> None:
    Writer(core).run(zone("a"), zone("b"))
    writer = Writer(core)
    writer.run(zone("a"))
    sweep(writer, 0.0)
    core.kill()
    core.start()
    with core.client() as client:
        client.hset(ABSENCES, "Zone a.example.", "0")  # of the copy that it went back to
    writer.run(zone("a"))
    sweep(writer, 1.0)
    assert notes(core) == {"Zone b.example.": "0"}


@pytest.mark.parametrize("value", ["", "x", "1e9", "-5", "99999999999999999999"])
def test_a_note_that_is_no_time_of_the_past_begins_again(core: Valkey, value: str) -> None:
    Writer(core).run(zone("a"), zone("b"))
    with core.client() as client:
        client.hset(ABSENCES, "Zone b.example.", value)
    writer = Writer(core)
    writer.list(zone("a"))
    assert sweep(writer, 1000.0) == BOTH
    assert notes(core) == {"Zone b.example.": "1000"}


def test_a_writer_of_before_notes_nothing(core: Valkey) -> None:
    old = Writer(core)
    old.run(zone("a"), zone("b"))
    Writer(core).run(zone("a"), zone("b"))
    old.list(zone("a"))
    with pytest.raises(Fenced, match="another publisher took over"):
        old.passes.sweep(old.observation, 0.0)
    assert notes(core) == {}


def test_a_zone_that_was_deleted_while_no_operator_ran_leaves(core: Valkey) -> None:
    """By the whole controller; between two of them the note becomes two days older."""
    spec = {"origin": "a.example", "nameServers": ["ns1.example.net"], "records": []}
    gone = item("Zone", "a", spec)
    with ControlledFleet(core) as first:
        first.put(gone)
        wait_for("it is served", lambda: first.served("a.example.") is not None, DEADLINE_SECONDS)
    first.cluster.delete(gone)
    before = time.time()
    with ControlledFleet(core, first) as second:
        wait_for("its absence is noted", lambda: notes(core) != {}, DEADLINE_SECONDS)
        assert second.served("a.example.") is not None
    ((field, value),) = notes(core).items()
    assert field == "Zone a.example."
    assert before - 1 <= int(value) <= time.time()
    with core.client() as client:
        client.hset(ABSENCES, field, str(int(value) - 2 * DAY))
    with ControlledFleet(core, second) as third:
        wait_for("it is gone", lambda: third.served("a.example.") is None, DEADLINE_SECONDS)


def told(writer: Writer) -> list[str]:
    """The reasons of all that is wrong with objects."""
    found = writer.passes.results.violations.values()
    return [each.reason for violations in found for each in violations]


def reasons_of(seen: Seen, record_set: dict[str, Any]) -> list[str]:
    reference = Reference("RecordSet", "dns", record_set["metadata"]["name"])
    return [each.reason for each in seen.violations.get(reference, ())]


def address(writer: Writer, owner: str) -> list[str]:
    published = writer.store.load("a.example.")
    found = None if published is None else published.get(owner, "A")
    return [] if found is None else found[1]


def test_a_record_set_is_served_on_without_its_zone_and_says_so(core: Valkey) -> None:
    web = record_set("web", "www")
    before = Writer(core)
    before.run(zone("a"), zone("b"), web)
    moved = [{"name": "www", "type": "A", "data": ["192.0.2.77"]}]
    for writer in (before, Writer(core)):
        writer.run(zone("b"), web)
        (violation,) = writer.passes.results.violations.values()
        assert violation[0].reason == "ZoneAway"
        assert violation[0].where == "RecordSet dns/web: spec.zoneRef"
        assert "the records in a.example. are served on as they were" in violation[0].message
        writer.run(zone("b"), changed(web, 2, records=moved))
        assert told(writer) == ["ZoneAway"]
        assert address(writer, "www.a.example.") == ["192.0.2.2"]
    writer.run(zone("a"), zone("b"), changed(web, 2, records=moved))
    assert told(writer) == []
    assert address(writer, "www.a.example.") == ["192.0.2.77"]


def test_a_record_set_says_that_there_is_no_zone_once_what_was_served_is_removed(
    core: Valkey,
) -> None:
    web = record_set("web", "www")
    Writer(core).run(zone("a"), zone("b"), web)
    writer = Writer(core)
    writer.run(zone("b"), web)
    assert sweep(writer, 1000.0) == {"a.example.": 4, "b.example.": 3}
    assert told(writer) == ["ZoneAway"]
    assert sweep(writer, 1000.0 + GRACE_SECONDS) == {"b.example.": 3}
    assert told(writer) == ["ZoneNotFound"]


def test_a_record_set_says_it_whatever_made_the_zone_an_orphan(core: Valkey) -> None:
    web = record_set("web", "www")
    newer = item("Zone", "newer", {"origin": "a.example", "fromAFutureVersion": True})
    Writer(core).run(zone("a"), zone("b"), web)
    writer = Writer(core)
    assert reasons_of(writer.run(zone("b"), web, newer), web) == ["ZoneNotFound"]
    assert reasons_of(writer.run(zone("b"), web), web) == ["ZoneAway"]
    assert reasons_of(writer.run(zone("b"), web, newer), web) == ["ZoneNotFound"]


def test_what_never_had_a_zone_is_not_said_to_be_served(core: Valkey) -> None:
    Writer(core).run(zone("a"))
    writer = Writer(core)
    writer.run(record_set("web", "www"))
    assert told(writer) == ["ZoneNotFound"], "a.example is served, and has nothing of it"


def test_it_is_known_when_the_first_orphan_leaves(core: Valkey) -> None:
    Writer(core).run(zone("a"), zone("b"), zone("c"))
    writer = Writer(core)
    writer.list(zone("a"), zone("b"), zone("c"))
    sweep(writer, 1000.0)
    assert writer.passes.first_removal is None
    writer.list(zone("a"), zone("b"))
    sweep(writer, 1010.0)
    writer.list(zone("a"))
    sweep(writer, 1020.0)
    assert writer.passes.first_removal == 1010.0 + GRACE_SECONDS
    sweep(writer, 1010.0 + GRACE_SECONDS)
    assert writer.passes.first_removal == 1020.0 + GRACE_SECONDS


def test_an_absence_that_does_not_count_has_no_end(core: Valkey) -> None:
    Writer(core).run(zone("a"))
    writer = Writer(core)
    writer.there[DEFINITION]["metadata"]["creationTimestamp"] = LATER
    writer.list()
    sweep(writer, 0.0)
    assert writer.passes.orphans == 1
    assert writer.passes.first_removal is None


class CommandCluster:
    """What `zone end` asks of an API server: the one in memory."""

    def __init__(self, fleet: ControlledFleet) -> None:
        self._fleet = fleet

    def fleets(self) -> list[dict[str, Any]]:
        return self._fleet.cluster.objects("Fleet")

    def zones(self) -> list[dict[str, Any]]:
        return self._fleet.cluster.objects("Zone")

    def annotate_fleet(self, name: str, annotations: dict[str, str]) -> None:
        metadata = {"name": name, "annotations": annotations}
        self._fleet.cluster.put({"kind": "Fleet", "metadata": metadata})


def test_an_orphan_ends_when_somebody_says_so_and_a_later_one_of_its_name_does_not(
    core: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms, "FLEET_SECONDS", 0.1)
    gone, other = zone("a"), zone("b")
    with ControlledFleet(core) as first:
        for each in (gone, other):
            first.put(each)
        for origin in ("a.example.", "b.example."):
            wait_for(f"{origin} is served", lambda o=origin: first.served(o), DEADLINE_SECONDS)
    first.cluster.delete(gone)

    def orphans(fleet: ControlledFleet) -> list[dict[str, Any]]:
        found = fleet.cluster.get("Fleet", "dnsfleet") or {}
        return list(found.get("status", {}).get("orphans", ()))

    def end(fleet: ControlledFleet) -> Result:
        monkeypatch.setattr(command_line, "Cluster", lambda *_: CommandCluster(fleet))
        return CliRunner().invoke(main.app, ["zone", "end", "a.example", "--yes"])

    with ControlledFleet(core, first) as second:
        (orphan,) = wait_for("an orphan", lambda: orphans(second), DEADLINE_SECONDS)
        noted = int(time.time())
        ended = end(second)
        assert ended.output == "a.example. ends; edges refuse it within 10 s\n"
        assert ended.exit_code == 0
        wait_for("it left", lambda: not second.served("a.example."), DEADLINE_SECONDS)
        assert second.served("b.example.")
        second.put(zone("a"))
        wait_for("it is back", lambda: second.served("a.example."), DEADLINE_SECONDS)
    # Absences are told apart by the second in which they began.
    wait_for("a later second", lambda: int(time.time()) > noted, DEADLINE_SECONDS)
    second.cluster.delete(zone("a"))
    with ControlledFleet(core, second) as third:
        found = wait_for("an orphan", lambda: orphans(third), DEADLINE_SECONDS)
        assert [each["origin"] for each in found] == ["a.example."]
        approved = third.cluster.get("Fleet", "dnsfleet")
        assert approved is not None
        assert orphan["hash"] in approved["metadata"]["annotations"]["dnsfleet.io/approve"]
        third.wait_for_passes("Fleet", more=2)
        third.wait_for_passes("Propagation", more=2)
        assert third.served("a.example."), "what is approved is the end of another absence"


def test_owners_and_metrics_are_told_of_an_orphan_while_one_leads(core: Valkey) -> None:
    gone, web = zone("a"), record_set("web", "www")
    with ControlledFleet(core) as first:
        first.put(gone)
        first.put(web)
        first.wait_until_served("a.example.", "www.a.example.", "192.0.2.2")
        first.wait_for_condition("RecordSet", "web", "Accepted", "Accepted")
    first.cluster.delete(gone)
    before = time.time()
    with ControlledFleet(core, first) as second:

        def metric(name: str) -> float | None:
            return second.metrics.registry.get_sample_value(f"dnsfleet_{name}")

        second.wait_for_condition("RecordSet", "web", "Accepted", "ZoneAway")
        wait_for("an orphan", lambda: metric("orphans") == 1, DEADLINE_SECONDS)
        due = "orphan_removal_timestamp_seconds"
        wait_for("when it leaves", lambda: metric(due) is not None, DEADLINE_SECONDS)
        assert before - 1 <= (metric(due) or 0.0) - DAY <= time.time()

        shown = second.cluster.get("RecordSet", "web", "dns")
        assert shown is not None
        accepted, *_ = shown["status"]["conditions"]
        assert "a.example. are served on as they were published" in accepted["message"]

        def of_the_fleet() -> list[str]:
            found = second.cluster.objects("Event", "default")
            return [each["note"] for each in found if each["reason"] == "Orphaned"]

        wait_for("an Event of the Fleet", of_the_fleet, DEADLINE_SECONDS)
        second.wait_for_passes("Fleet", more=2)
        (note,) = of_the_fleet()
        (orphan,) = (second.cluster.get("Fleet", "dnsfleet") or {})["status"]["orphans"]
        assert orphan["origin"] == "a.example."
        assert note.startswith("no Zone object names a.example.; ")
        assert f"served on until {orphan['removedAfter']} at least" in note
        assert second.cluster.objects("Event", "dns") == [], "the Fleet tells it, for all of them"
        second.wait_until_served("a.example.", "www.a.example.", "192.0.2.2")
    assert metric("orphans") == 0
    assert metric(due) is None
