"""What is published and has no object leaves when its time is up, whoever leads meanwhile."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet_publisher.store_errors import Fenced
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet
from support.core_servers import PUBLISHER_USER
from support.valkey import Valkey
from support.waiting import wait_for
from support.zone_writers import GRACE_SECONDS, Writer, item, record_set, zone

ABSENCES = "dnsfleet:1:absences"
DEFINITION = ("CustomResourceDefinition", "zones.dnsfleet.io")
BOTH = {"a.example.": 3, "b.example.": 3}
LATER = "2999-01-01T00:00:00Z"
DAY = 24 * 3600


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path, users=[PUBLISHER_USER])
    valkey.start()
    yield valkey
    valkey.kill()


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
