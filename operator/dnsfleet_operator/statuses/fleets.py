"""The status of the Fleet: the core, what waits for an approval, and orphans. Pure.

CoreAvailable  the core does what it is asked
KeysReady      the fleet's keys are in their Secret
Held           something waits for an approval
Ready          the core and the keys are as they should be; what waits does not change that

Of the core and of the keys holds what was said last, until somebody asked: a new leader tells
nothing again.

A change that is held says so on its own object too, where it has one. Here one entry stands for
all zones that lose the same Pops by one cause. It keeps the time when it was held first for as long
as it is held, whoever leads meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from dnsfleet.resources.fleets import MAX_HELD, MAX_LINE, MAX_NAMED, MAX_TEXT
from dnsfleet.zones import placements, plans, removals
from dnsfleet.zones.owner_plans import OwnerHold

from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.secrets import key_keeping
from dnsfleet_operator.statuses import orphans
from dnsfleet_operator.statuses.conditions import Condition, Status, kept, merge
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.zones.results import Results

POSITION_SECONDS = 60.0
"""Between writes for which nothing but the position of the log moved: it moves with each change."""
MAX_NOTICES = 5
"""Events of one write: a mistake that holds many zones is told, not each of its entries."""

_MENDED = {
    "CoreAvailable": "the core is available again",
    "KeysReady": "the keys are in their Secret again",
}
"""Conditions whose loss is an Event, and what their return says."""
_WARNINGS = frozenset({key_keeping.WRITTEN_AGAIN})
"""Reasons that somebody has to do something about although their condition is True."""
_LISTS = ("heldCount", "held", "orphanCount", "orphans")
_REASONS = {
    "Plan": plans.REASON,
    "Placement": placements.REASON,
    "PopDeletion": "LastActivePop",
    "Removal": removals.REASON,
}


class Change(NamedTuple):
    """What waits for one approval."""

    kind: str
    """Plan, Placement, PopDeletion or Removal."""
    hash: str
    object: str
    """The one object that it is about: NAMESPACE/NAME of a Zone, the name of a Pop, or
    `RecordSet NAMESPACE/NAME`."""
    message: str
    diff: tuple[str, ...]
    """The Pops that a Placement takes away, or the first records that a Plan changes."""
    zones: tuple[str, ...]
    """The first few, by origin."""
    zone_count: int

    @property
    def objects(self) -> int:
        """How many Pops or zones it changes."""
        return 1 if self.kind == "PopDeletion" else self.zone_count


@dataclass(frozen=True)
class Facts:
    """What is known of a fleet."""

    away: str | None
    """Why the core does not do what it is asked; empty where it does, None where nobody asked."""
    fence: int
    """0 before the first."""
    position: int
    held: tuple[Change, ...] | None
    """Sorted; None where not all zones were looked at, and what was said before may hold."""
    orphans: Mapping[str, float]
    """Since when each origin is missed, Unix time in seconds; infinite for no time. It counts only
    where `held` is known."""
    keys: Condition
    orphan_seconds: float
    """How long an orphan is served on."""


def held(
    results: Results, drains: Drains, removal: removals.Hold | None = None
) -> tuple[Change, ...]:
    """All that waits for an approval."""
    found = [
        Change(
            "PopDeletion",
            refusal.hash,
            name,
            refusal.message,
            (),
            refusal.zones,
            refusal.zone_count,
        )
        for name, refusal in drains.refused.items()
        if refusal.hash
    ]
    if removal is not None:
        first = removal.origins[:MAX_NAMED]
        count = len(removal.origins)
        found.append(Change("Removal", removal.hash, "", removal.text, (), first, count))
    moved: dict[str, tuple[placements.Hold, list[str]]] = {}
    for origin in sorted(results.held):
        outcome = results.outcomes[origin]
        if outcome.plan:
            zone = _zone_of(results, origin)
            found.append(
                Change("Plan", outcome.plan, zone, outcome.message, outcome.diff, (origin,), 1)
            )
        if outcome.placement is not None:
            _, origins = moved.setdefault(outcome.placement.hash, (outcome.placement, []))
            origins.append(origin)
    for origin, holds in results.owner_holds.items():
        found.extend(_of_owner(hold, origin) for hold in holds if not hold.blocked)
    for hold, origins in moved.values():
        zones = tuple(origins[:MAX_NAMED])
        found.append(Change("Placement", hold.hash, "", hold.text, hold.lost, zones, len(origins)))
    return tuple(sorted(found))


def status(generation: int, facts: Facts, before: Status, now: str) -> dict[str, Any]:
    """The status of the Fleet of this generation. `now` is RFC 3339."""
    if facts.held is None:
        lists = {key: before[key] for key in _LISTS if key in before}
    else:
        lists = _lists(facts, facts.held, before, now)
    found = _conditions(facts, lists.get("heldCount"), before)
    status = {"observedGeneration": generation, **lists}
    if facts.fence:
        status["core"] = {"fence": facts.fence, "position": facts.position}
    return {**status, "conditions": merge(found, generation, before, now)}


def without_keys(generation: int, keys: Condition, before: Status, now: str) -> dict[str, Any]:
    """The status of a Fleet that nobody leads for want of its keys; all else that it says stays."""
    ready = Condition("Ready", keys.status, keys.reason, keys.message)
    told = {each["type"]: each for each in before.get("conditions") or ()}
    told |= {each["type"]: each for each in merge((keys, ready), generation, before, now)}
    return {**before, "conditions": list(told.values())}


def wait_seconds(before: Status, status: Status, since: float) -> float:
    """How long the step from one status to the next may wait to be written; 0 is now.

    `since` are the seconds since one was last handed on to be written.
    """
    if _without_position(before) != _without_position(status):
        return 0.0
    return max(0.0, POSITION_SECONDS - since)


def notices(before: Status, status: Status) -> list[Notice]:
    """What the step from one status to the next is to tell."""
    found = []
    known = {_cause(each) for each in before.get("held") or ()}
    new = [each for each in status.get("held") or () if _cause(each) not in known]
    for each in new[:MAX_NOTICES]:
        about = f"{each['object']}: " if each.get("object") else ""
        zones = f" ({each['zoneCount']} zones)" if each["kind"] == "Placement" else ""
        found.append(Notice("Warning", _REASONS[each["kind"]], f"{about}{each['message']}{zones}"))
    found += orphans.notices(before, status)
    for kind, mended in _MENDED.items():
        was, now = kept(before, kind) or Condition(kind, None, ""), kept(status, kind)
        if now is None or _news(was) == _news(now):
            continue
        # A core that starts later than the operator is no news; keys that are lost always are.
        is_news = was.status is not None or kind == "KeysReady"
        if now.reason in _WARNINGS or (now.status is False and is_news):
            found.append(Notice("Warning", now.reason, now.message))
        elif was.status is False and now.status:
            found.append(Notice("Normal", now.reason, mended))
    return found


def _news(told: Condition) -> tuple[object, ...]:
    """What is told again when it differs; a warning says when it was, so each time is another."""
    return told.status, told.reason, told.message if told.reason in _WARNINGS else ""


def _lists(facts: Facts, held: Sequence[Change], before: Status, now: str) -> dict[str, Any]:
    """What is said of changes that are held and of orphans."""
    since = {_cause(each): each.get("since", now) for each in before.get("held") or ()}
    found: dict[str, Any] = {"heldCount": len(held), "orphanCount": len(facts.orphans)}
    if held:
        found["held"] = [_entry(each, since, now) for each in held[:MAX_HELD]]
    if facts.orphans:
        found["orphans"] = orphans.entries(facts.orphans, facts.orphan_seconds)
    return found


def _conditions(facts: Facts, count: int | None, before: Status) -> Iterable[Condition]:
    core = Condition("CoreAvailable", True, "CoreAvailable")
    if facts.away is None:
        unasked = Condition("CoreAvailable", None, "Pending", "the core was not asked yet")
        core = kept(before, "CoreAvailable") or unasked
    elif facts.away:
        core = Condition("CoreAvailable", False, "CoreUnavailable", facts.away)
    waiting = Condition("Held", False, "NothingHeld")
    if count is None:
        waiting = Condition("Held", None, "Pending", "not all zones were looked at yet")
    elif count:
        told = f"{count} held: `kubectl dnsfleet held` lists what waits, and how to approve it"
        waiting = Condition("Held", True, "WaitsForApproval", told)
    keys = facts.keys
    if keys.status is None:
        keys = kept(before, "KeysReady") or keys
    ready = Condition("Ready", True, "Ready", waiting.message)
    for part in (core, keys):
        if not part.status:
            ready = Condition("Ready", part.status, part.reason, part.message)
            break
    return core, keys, waiting, ready


def _entry(change: Change, since: Mapping[tuple[str, str, str], str], now: str) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": change.kind, "hash": change.hash}
    if change.object:
        found["object"] = change.object
    found["message"] = change.message[:MAX_TEXT]
    if change.diff:
        found["diff"] = [line[:MAX_LINE] for line in change.diff[:MAX_NAMED]]
    found["zones"] = list(change.zones)
    found["zoneCount"] = change.zone_count
    return found | {"since": since.get(_cause(found), now)}


def _cause(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    """What an entry has while it stands for the same change: zones join a Removal."""
    return ("Removal", "", "") if entry["kind"] == "Removal" else _key(entry)


def _key(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return entry["kind"], entry["hash"], entry.get("object", "")


def _of_owner(hold: OwnerHold, origin: str) -> Change:
    owner = f"{hold.owner.namespace}/{hold.owner.name}"
    if hold.owner.kind != "Zone":
        owner = str(hold.owner)
    return Change("Plan", hold.hash, owner, hold.told, hold.diff, (origin,), 1)


def _zone_of(results: Results, origin: str) -> str:
    zones = [each for each in results.members.get(origin, ()) if each.kind == "Zone"]
    return f"{zones[0].namespace}/{zones[0].name}" if zones else ""


def _without_position(status: Status) -> dict[str, Any]:
    core = dict(status.get("core") or {})
    core.pop("position", None)
    return {**status, "core": core}
