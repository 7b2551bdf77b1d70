"""Owners that remove too much only together: who waits, for how long, and beside whom."""

import json

import pytest
from dnsfleet_publisher import measures
from support.held_owners import AFTER, A, Object, answers, approving, many, told
from support.valkey import Valkey
from support.zone_writers import Writer, changed, item, record_set, zone

SMALL = zone("a", hosts=5)
LARGER, SMALLER = many("b", 100, 9), many("c", 200, 7)
LARGER_LESS, SMALLER_LESS = (
    changed(each, 2, records=each["spec"]["records"][:1]) for each in (LARGER, SMALLER)
)
REFUSED = record_set("third", "h0")
"""It claims a name of the Zone."""
CLASS = item("ZoneClass", "all", {"suffixes": ["example"]})
del CLASS["metadata"]["namespace"]
CHALLENGE = record_set("acme", "_acme-challenge", "TXT", "one")


def waiting(writer: Writer) -> list[str]:
    """Whose changes wait."""
    return [each.owner.name for each in writer.passes.results.owner_holds.get(A, ())]


@pytest.mark.parametrize(
    "others", [[], [REFUSED], [CLASS, REFUSED]], ids=["alone", "refused", "class"]
)
def test_who_waits_waits_on_when_the_harmless_rest_is_published(
    core: Valkey, others: list[Object]
) -> None:
    writer = Writer(core)
    writer.run(SMALL, LARGER, SMALLER, *others)
    less = (SMALL, LARGER_LESS, SMALLER_LESS, *others)
    writer.run(*less)
    before = told(writer, "RecordSet", "b")
    assert "8 of 23 RRsets, and with others that are held or published 14" in before
    for more in ([], [AFTER]):
        writer.run(*less, *more)
        anew = Writer(core)
        anew.run(*less, *more)
        for each in (writer, anew):
            assert waiting(each) == ["b"]
            assert told(each, "RecordSet", "b") == before
            assert [bool(answers(each, f"n{name}")) for name in (108, 206)] == [True, False]
        writer = anew
    (hold,) = writer.passes.results.owner_holds[A]
    writer.run(SMALL, approving(LARGER_LESS, hold.hash), SMALLER_LESS, *others)
    assert (waiting(writer), answers(writer, "n108")) == ([], [])


def test_a_team_that_never_answers_holds_no_small_removals_of_others(core: Valkey) -> None:
    writer = Writer(core)
    teams = [many(f"t{each}", 100 * each, 8) for each in range(1, 6)]
    less = [changed(each, 2, records=each["spec"]["records"][:2]) for each in teams]
    other = many("other", 700, 9)
    other_less = changed(other, 2, records=other["spec"]["records"][:1])
    writer.run(SMALL, *teams, other, CHALLENGE)
    writer.run(SMALL, *less, other, CHALLENGE)
    hashes = {each.owner.name: each.hash for each in writer.passes.results.owner_holds[A]}
    done = [approving(each, hashes[each["metadata"]["name"]]) for each in less[:4]]
    writer.run(SMALL, *done, less[4], other, CHALLENGE)
    assert waiting(writer) == ["t5"]
    writer.run(SMALL, *done, less[4], other)
    published = writer.store.load(A)
    assert published is not None
    assert published.get(f"_acme-challenge.{A}", "TXT") is None
    again = changed(done[0], 30, records=teams[0]["spec"]["records"][:1])
    writer.run(SMALL, again, *done[1:], less[4], other)
    assert answers(writer, "n101") == [], "what it removed before was approved"
    writer.run(SMALL, again, *done[1:], less[4], other_less)
    assert (waiting(writer), answers(writer, "n708")) == (["t5"], [])
    assert answers(writer, "n507")


def test_a_later_change_that_is_too_much_together_is_held_beside_those_that_wait(
    core: Valkey,
) -> None:
    writer = Writer(core)
    later = [many("d", 300, 9), many("e", 400, 6)]
    later_less = [changed(each, 2, records=each["spec"]["records"][:1]) for each in later]
    writer.run(SMALL, LARGER, SMALLER, *later)
    writer.run(SMALL, LARGER_LESS, SMALLER_LESS, *later)
    writer.run(SMALL, LARGER_LESS, SMALLER_LESS, *later_less)
    for _ in range(2):
        assert waiting(writer) == ["b", "d"]
        assert [bool(answers(writer, f"n{name}")) for name in (108, 308, 405)] == [
            True,
            True,
            False,
        ]
        writer = Writer(core)
        writer.run(SMALL, LARGER_LESS, SMALLER_LESS, *later_less)


def test_whoever_removes_less_now_goes_on_with_what_went(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(SMALL, LARGER, SMALLER)
    writer.run(SMALL, LARGER_LESS, SMALLER_LESS)
    five = changed(LARGER, 3, records=LARGER["spec"]["records"][:4])
    writer.run(SMALL, five, SMALLER_LESS)
    assert (waiting(writer), bool(answers(writer, "n108"))) == (["b"], True)
    four = changed(LARGER, 4, records=LARGER["spec"]["records"][:5])
    writer.run(SMALL, four, SMALLER_LESS)
    assert (waiting(writer), bool(answers(writer, "n108"))) == ([], False)


def test_who_waits_for_what_is_held_waits_on_for_another_writer(core: Valkey) -> None:
    other = many("other", 400, 10)
    both = {"name": "both", "type": "A", "data": ["192.0.2.5"]}
    older = changed(LARGER, 2, records=[*LARGER["spec"]["records"][:1], both])
    other_less = changed(other, 2, records=[both])
    other_less["metadata"]["creationTimestamp"] = "2026-02-01T00:00:00Z"
    writer = Writer(core)
    writer.run(SMALL, LARGER, SMALLER, other)
    for _ in range(3):
        writer.run(SMALL, older, SMALLER_LESS, other_less)
        assert waiting(writer) == ["b", "other"]
        assert [bool(answers(writer, f"n{name}")) for name in (108, 206, 409)] == [
            True,
            False,
            True,
        ]
        writer = Writer(core)


def test_a_measure_of_an_earlier_version_counts_what_went_for_all_that_wait(core: Valkey) -> None:
    writer = Writer(core)
    teams = [many(f"t{each}", 100 * each, 9) for each in (1, 2)]
    less = [changed(each, 2, records=each["spec"]["records"][:1]) for each in teams]
    writer.run(SMALL, *teams)
    writer.run(SMALL, *less)
    first = writer.passes.results.owner_holds[A][0].hash
    writer.run(SMALL, approving(less[0], first), less[1])
    assert waiting(writer) == ["t2"]
    field = f"{A}{measures._MARK}"
    known = {each: value for part in writer.store.core.claims() for each, value in part.items()}
    noted = json.loads(known[field])
    earlier = json.dumps({each: noted[each] for each in ("before", "approved")}).encode()
    writer.store.note(writer.store.core.note_claims, {field: earlier})
    for _ in range(2):
        anew = Writer(core)
        anew.run(SMALL, *less)
        assert (waiting(anew), bool(answers(anew, "n208"))) == (["t2"], True)
