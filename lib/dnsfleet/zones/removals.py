"""Removals: when many zones leave a fleet at once, they stay until somebody approves that.

A wrong path in a GitOps tool deletes every Zone object, and each deletion by itself looks meant.
So zones that are to leave are counted together: those whose object was deleted, and orphans whose
time is up. Where they are too many, none of them leaves, and no later one either, until the set is
approved by its hash, or their objects are back.

    asked for ──▶ settling ──▶ left           the few: after a short time, in which others may join
                     │
                     └──▶ held ──▶ approved   the many: for as long as nobody approves the set

Deletions come one after the other, in a second or in some minutes. So a zone settles before it
leaves, and what left within the last ten minutes is counted too. Nothing ends a hold but an
approval or an object that is back: a tool that brings thirty objects back brings them one by one,
and the last ten must not leave meanwhile. What somebody approved is not counted afterwards.

The hash names the zones and when the first of them was to leave. So it approves neither a larger
set nor the same one another time.
"""

from collections.abc import Iterable, Mapping, Set
from enum import StrEnum
from typing import NamedTuple

from dnsfleet.zones import plans

MIN_REMOVED = 10
"""How many zones may leave in any fleet, so that small ones can be worked on."""
MAX_REMOVED_SHARE = 0.1
"""Share of its zones that a fleet may lose within `LATELY_SECONDS`: a tenth is what a sweep of
orphans takes at once."""
LATELY_SECONDS = 600.0
"""Removals within this time are one: a script, a sync of a GitOps tool, a person with a list."""
SETTLING_SECONDS = 10.0
"""How long a zone stays to see whether others leave with it. `kubectl delete` and Argo CD end some
ten objects a second, so more than `MIN_REMOVED` are seen before the first of them leaves."""
REASON = "UnsafeRemoval"


class Stage(StrEnum):
    """How far a removal is. The values are written down in the core."""

    SETTLING = "settling"
    HELD = "held"
    APPROVED = "approved"
    LEFT = "left"


class Removal(NamedTuple):
    """The removal of one zone."""

    stage: Stage
    since: float
    """When it left, or, before that, when it was to leave first; Unix time in seconds."""


class Hold(NamedTuple):
    """Zones that wait for one approval."""

    hash: str
    """16 hexadecimal digits."""
    origins: tuple[str, ...]
    """Sorted."""
    text: str
    """What would happen, and why it is held."""


class Decision(NamedTuple):
    """What becomes of the removals."""

    removals: Mapping[str, Removal]
    """By origin; those that ended are not among them."""
    remove: frozenset[str]
    """The zones that leave now."""
    hold: Hold | None
    wait_seconds: float | None
    """Until the first zone that settles may leave; None where none settles."""


def decide(
    known: Mapping[str, Removal],
    asked: Iterable[str],
    live: Set[str],
    named: Set[str],
    approvals: Set[str],
    now: float,
) -> Decision:
    """Look at the removals that are known and at those that are asked for now.

    `live` are the origins of all published zones, `named` those of the known and asked ones that
    some Zone object names; these stay. `now` is Unix time in seconds.
    """
    found = {
        origin: _not_later(removal, now)
        for origin, removal in known.items()
        if origin not in named and (origin in live or _counts(removal, now))
    }
    for origin in asked:
        if origin in live and origin not in named:
            found.setdefault(origin, Removal(Stage.SETTLING, now))
    waiting = {
        origin: removal.since
        for origin, removal in found.items()
        if removal.stage in (Stage.SETTLING, Stage.HELD)
    }
    left = {origin for origin, removal in found.items() if _counts(removal, now)}
    size = len(live) + len(left - live)
    hold = None
    if any(found[each].stage is Stage.HELD for each in waiting) or (
        waiting and is_large(len(waiting) + len(left), size)
    ):
        hold = _hold(waiting, len(left), size)
        stage = Stage.APPROVED if hold.hash in approvals else Stage.HELD
        found |= {origin: Removal(stage, since) for origin, since in waiting.items()}
        if stage is Stage.APPROVED:
            hold = None
    else:
        settling = 0.0 if size <= MIN_REMOVED else SETTLING_SECONDS
        found |= {
            origin: Removal(Stage.LEFT, now)
            for origin, since in waiting.items()
            if now - since >= settling
        }
    remove = frozenset(
        origin
        for origin, removal in found.items()
        if origin in live and removal.stage in (Stage.APPROVED, Stage.LEFT)
    )
    first = min((r.since for r in found.values() if r.stage is Stage.SETTLING), default=None)
    wait = None if first is None else max(0.0, first + SETTLING_SECONDS - now)
    return Decision(found, remove, hold, wait)


def end_hash(origin: str, since: float) -> str:
    """What approves that an orphan ends before its time, for an absence that began at `since`.

    Where its Zone comes back and is missed another time, that is another absence.
    """
    return plans.hash_of(f"orphan {int(since)} {origin}".encode())


def is_large(removed: int, of: int) -> bool:
    """Whether so many zones may not leave a fleet of that many without a question."""
    return removed > MIN_REMOVED and removed > MAX_REMOVED_SHARE * of


def encode(removal: Removal) -> bytes:
    """A removal as the core notes it."""
    return f"{removal.stage} {int(removal.since)}".encode()


def decode(value: bytes) -> Removal | None:
    """What `encode` gave; None for anything else, as a later version may note."""
    stage, _, since = value.decode(errors="replace").partition(" ")
    try:
        return Removal(Stage(stage), float(int(since)))
    except ValueError:
        return None


def _not_later(removal: Removal, now: float) -> Removal:
    """Times of the future, by a clock that was ahead, begin now; a hold has its in its hash."""
    if removal.stage in (Stage.HELD, Stage.APPROVED):
        return removal
    return removal._replace(since=min(removal.since, now))


def _counts(removal: Removal, now: float) -> bool:
    """Whether a zone left a short time ago, and nobody approved that."""
    return removal.stage is Stage.LEFT and now - removal.since < LATELY_SECONDS


def _hold(waiting: Mapping[str, float], left: int, size: int) -> Hold:
    origins = tuple(sorted(waiting))
    begun = min(waiting.values())
    text = f"the removal takes {len(origins)} of {size} zones from the fleet"
    if left:
        text += f"; shortly before, {left} left"
    return Hold(plans.hash_of(f"{int(begun)} {' '.join(origins)}".encode()), origins, text)
