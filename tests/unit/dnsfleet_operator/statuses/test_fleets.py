"""What the status of the Fleet says, and when it is written."""

from typing import Any

from dnsfleet.resources import Reference
from dnsfleet.resources.fleets import MAX_HELD, MAX_LINE, MAX_NAMED, MAX_ORPHANS, Fleet
from dnsfleet.zones import removals
from dnsfleet.zones.placements import Hold
from dnsfleet_operator.pops.drains import ZONES_UNKNOWN, Drains, Refusal
from dnsfleet_operator.secrets.key_keeping import STORED, UNKNOWN, WRITTEN_AGAIN
from dnsfleet_operator.statuses import fleets
from dnsfleet_operator.statuses.conditions import Condition
from dnsfleet_operator.statuses.fleets import MAX_NOTICES, POSITION_SECONDS, Change, Facts
from dnsfleet_operator.statuses.orphans import MAX_TOLD
from dnsfleet_operator.zones.results import Results
from dnsfleet_publisher.publishing import Outcome, State

EARLIER, NOW, LATER = (f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3))
HOLD = Hold("h" * 16, ("fra", "iad"), "the change takes 2 of 2 Pops from the zone: fra, iad")


def facts(**known: Any) -> Facts:
    usual: dict[str, Any] = {
        "away": "",
        "fence": 7,
        "position": 100,
        "held": (),
        "orphans": {},
        "keys": Condition("KeysReady", *STORED),
        "orphan_seconds": 86400.0,
    }
    return Facts(**usual | known)


def status(known: Facts, before: dict[str, Any] | None = None, now: str = NOW) -> dict[str, Any]:
    """The status, which the model takes."""
    made = fleets.status(1, known, before or {}, now)
    Fleet.model_validate({"metadata": {"name": "dnsfleet"}, "status": made})
    return made


def shown(made: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in made["conditions"]}


def change(number: int = 0) -> Change:
    return Change("Plan", f"{number:016}", "dns/a", "it removes all", (), ("a.",), 1)


def test_a_fleet_that_is_well_says_so() -> None:
    made = status(facts())
    assert shown(made) == {
        "CoreAvailable": ("True", "CoreAvailable"),
        "KeysReady": ("True", "Stored"),
        "Held": ("False", "NothingHeld"),
        "Ready": ("True", "Ready"),
    }
    assert made["core"] == {"fence": 7, "position": 100}
    assert (made["heldCount"], made["orphanCount"]) == (0, 0)


def test_it_is_not_ready_without_the_core_or_the_keys() -> None:
    assert shown(status(facts(away="no route")))["Ready"] == ("False", "CoreUnavailable")
    assert shown(status(facts(away=None)))["Ready"] == ("Unknown", "Pending")
    lost = Condition("KeysReady", False, "SecretLost", "it is gone")
    assert shown(status(facts(keys=lost)))["Ready"] == ("False", "SecretLost")
    assert "core" not in status(facts(fence=0))


def test_what_is_held_keeps_its_time_and_does_not_make_it_unready() -> None:
    first = status(facts(held=(change(1),)), now=EARLIER)
    made = status(facts(held=(change(1), change(2))), first)
    assert [each["since"] for each in made["held"]] == [EARLIER, NOW]
    assert shown(made)["Held"] == ("True", "WaitsForApproval")
    assert shown(made)["Ready"] == ("True", "Ready")


def test_a_leader_that_has_not_looked_at_all_leaves_what_was_said_before() -> None:
    first = status(facts(held=(change(1),), orphans={"a.": 0.0}), now=EARLIER)
    unknown = status(facts(held=None), first)
    assert unknown == first
    assert status(facts(held=(change(1),), orphans={"a.": 0.0}), unknown) == first
    assert shown(status(facts(held=None)))["Held"] == ("Unknown", "Pending")


def test_zones_that_lose_the_same_pops_are_one_entry() -> None:
    results = Results()
    for number in range(MAX_NAMED + 2):
        origin = f"z{number:02}."
        results.note(origin, Outcome(State.UNCHANGED, placement=HOLD), None)
    diff = ("- www.plan. 300 A 192.0.2.1", "- txt.plan. 300 TXT " + 999 * "x")
    outcome = Outcome(State.HELD, None, "UnsafePlan", "it removes all", "p" * 16, diff)
    results.note("plan.", outcome, None)
    results.members["plan."] = frozenset({Reference("Zone", "dns", "plan")})
    results.note("well.", Outcome(State.UNCHANGED), None)
    placement, plan = fleets.held(results, Drains())
    assert (placement.kind, placement.hash, placement.diff) == ("Placement", HOLD.hash, HOLD.lost)
    assert (placement.zone_count, len(placement.zones)) == (MAX_NAMED + 2, MAX_NAMED)
    assert plan == Change("Plan", "p" * 16, "dns/plan", "it removes all", diff, ("plan.",), 1)
    (entry,) = status(facts(held=(plan,)))["held"]
    assert entry["diff"] == [diff[0], diff[1][:MAX_LINE]]
    results.note("plan.", Outcome(State.PUBLISHED), None)
    assert fleets.held(results, Drains()) == (placement,)
    assert placement.objects == MAX_NAMED + 2


def test_of_pops_only_those_without_an_object_are_approved_here() -> None:
    refused = {
        "fra": Refusal("LastActivePop", "drain", "", ("a.",), 1),
        "iad": Refusal("LastActivePop", "gone", "i" * 16, ("a.",), 9),
        "sin": ZONES_UNKNOWN,
    }
    (found,) = fleets.held(Results(), Drains(refused=refused))
    assert found == Change("PopDeletion", "i" * 16, "iad", "gone", (), ("a.",), 9)
    assert found.objects == 1  # one Pop, whatever it serves
    (entry,) = status(facts(held=(found,)))["held"]
    assert (entry["object"], entry["zoneCount"], entry["zones"]) == ("iad", 9, ["a."])


def test_lists_are_bounded_and_counts_are_not() -> None:
    many = MAX_HELD + 5
    orphans = {f"z{number:03}.": float(number) for number in range(many)}
    orphans["a."] = float("inf")
    made = status(facts(held=tuple(map(change, range(many))), orphans=orphans))
    assert (made["heldCount"], len(made["held"])) == (many, MAX_HELD)
    assert (made["orphanCount"], len(made["orphans"])) == (many + 1, MAX_ORPHANS)
    assert made["orphans"][:2] == [
        {"origin": "a."},
        {
            "origin": "z000.",
            "since": "1970-01-01T00:00:00Z",
            "removedAfter": "1970-01-02T00:00:00Z",
            "hash": removals.end_hash("z000.", 0.0),
        },
    ]


def test_a_position_that_moves_is_written_now_and_then() -> None:
    before, after = status(facts()), status(facts(position=101))
    assert fleets.wait_seconds(before, after, 0.0) == POSITION_SECONDS
    assert fleets.wait_seconds(before, after, POSITION_SECONDS) == 0.0
    assert fleets.wait_seconds(before, status(facts(fence=8)), 0.0) == 0.0
    assert fleets.wait_seconds(before, status(facts(held=(change(),))), 0.0) == 0.0


def told(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.type, each.reason) for each in fleets.notices(before, after)]


def test_what_is_new_is_told_once() -> None:
    well = status(facts())
    held = status(facts(held=(change(1),)), well)
    assert told({}, well) == told(status(facts(away=None)), well) == []
    assert told(well, held) == [("Warning", "UnsafePlan")]
    assert told(held, status(facts(held=(change(1),)), held, LATER)) == []
    many = tuple(map(change, range(20)))
    assert len(told(well, status(facts(held=many), well))) == MAX_NOTICES
    moved = Change("Placement", HOLD.hash, "", HOLD.text, HOLD.lost, ("a.", "b."), 2)
    (notice,) = fleets.notices(well, status(facts(held=(moved,)), well))
    assert (notice.reason, notice.note) == ("UnsafePlacement", f"{HOLD.text} (2 zones)")


def test_an_outage_of_the_core_is_told_when_it_begins_and_when_it_ends() -> None:
    well = status(facts())
    away = status(facts(away="no route"), well)
    assert told(well, away) == [("Warning", "CoreUnavailable")]
    assert told(away, status(facts(), away)) == [("Normal", "CoreAvailable")]


def test_orphans_are_told_once_for_all() -> None:
    well = status(facts())
    two = status(facts(orphans={"b.": 0.0, "a.": 60.0}), well)
    (notice,) = fleets.notices(well, two)
    assert (notice.type, notice.reason) == ("Warning", "Orphaned")
    assert notice.note == (
        "no Zone object names a., b.; what is published is served on until 1970-01-02T00:00:00Z at "
        "least, and then removed; apply the Zone again to keep it"
    )
    assert told(two, status(facts(orphans={"b.": 0.0}), two)) == []
    assert told(two, status(facts(orphans={"b.": 0.0, "a.": 60.0}, position=9), two)) == []
    (another,) = fleets.notices(two, status(facts(orphans={"b.": 0.0, "c.": 60.0}), two))
    assert another.note.startswith("no Zone object names c.; ")
    kept = status(facts(orphans={"a.": float("inf")}), well)
    assert "until" not in fleets.notices(well, kept)[0].note
    assert told(kept, status(facts(orphans={"a.": 0.0}), kept)) == [("Warning", "Orphaned")]


def test_zones_that_join_a_removal_are_no_news() -> None:
    def removal(zones: int) -> Change:
        return Change("Removal", f"{zones:016}", "", "the removal", (), ("a.",), zones)

    well = status(facts())
    held = status(facts(held=(removal(11),)), well)
    more = status(facts(held=(removal(12),)), held, LATER)
    assert told(well, held)[0] == ("Warning", "UnsafeRemoval")
    assert told(held, more) == []
    assert more["held"][0]["since"] == NOW


def test_of_more_orphans_than_a_status_names_those_that_move_up_are_no_news() -> None:
    many = {f"z{number:03}.": 0.0 for number in range(MAX_ORPHANS + 5)}
    before = status(facts(orphans=many), status(facts()))
    (notice,) = fleets.notices(status(facts()), before)
    assert f" and {len(many) - MAX_TOLD} more; " in notice.note
    fewer = {origin: since for origin, since in many.items() if origin != "z000."}
    assert told(before, status(facts(orphans=fewer), before)) == []
    more = {**many, "zzz.": 0.0}
    assert told(before, status(facts(orphans=more), before)) == [("Warning", "Orphaned")]


def test_lost_keys_are_told_when_they_are_lost_and_when_they_are_back() -> None:
    well = status(facts())
    lost = status(facts(keys=Condition("KeysReady", False, "SecretLost", "it is gone")), well)
    assert told(well, lost) == [("Warning", "SecretLost")]
    assert told(lost, status(facts(), lost)) == [("Normal", "Stored")]


def test_what_nobody_asked_about_yet_stays_as_it_was_told() -> None:
    lost = Condition("KeysReady", False, "SecretLost", "it is gone")
    before = status(facts(away="no route", keys=lost))
    unasked = facts(away=None, keys=Condition("KeysReady", *UNKNOWN), held=None)
    assert status(unasked, before) == before
    assert shown(status(unasked))["CoreAvailable"] == ("Unknown", "Pending")
    assert shown(status(unasked))["KeysReady"] == ("Unknown", "NotLookedAt")


def test_what_is_lost_from_the_start_is_told_of_the_keys_and_not_of_a_core_that_starts() -> None:
    lost = Condition("KeysReady", False, "SecretLost", "it is gone")
    unasked = status(facts(away=None, keys=Condition("KeysReady", *UNKNOWN), held=None))
    for before in ({}, unasked):
        assert told(before, status(facts(away="no route"))) == []
        assert told(before, status(facts(keys=lost))) == [("Warning", "SecretLost")]


def test_each_loss_of_the_secret_is_told_once_and_its_oblivion_is_not() -> None:
    def again(at: str) -> dict[str, Any]:
        keys = Condition("KeysReady", True, WRITTEN_AGAIN, f"it was gone at {at}")
        return status(facts(keys=keys))

    well = status(facts())
    assert told(well, again("02:10")) == [("Warning", WRITTEN_AGAIN)]
    assert told(again("02:10"), again("02:10")) == []
    assert told(again("02:10"), again("02:40")) == [("Warning", WRITTEN_AGAIN)]
    assert told(again("02:40"), well) == []


def test_a_fleet_that_nobody_leads_says_why_and_all_else_that_it_said() -> None:
    before = status(facts(held=(change(1),)))
    lost = Condition("KeysReady", False, "SecretLost", "it is gone")
    made = fleets.without_keys(1, lost, before, NOW)
    expected = shown(before) | dict.fromkeys(("KeysReady", "Ready"), ("False", "SecretLost"))
    assert shown(made) == expected
    assert list(shown(made)) == list(shown(before))
    assert made["held"] == before["held"]
    assert told(before, made) == [("Warning", "SecretLost")]
    assert told(made, fleets.without_keys(1, lost, made, NOW)) == []
    assert told(made, status(facts(held=(change(1),)), made)) == [("Normal", "Stored")]
