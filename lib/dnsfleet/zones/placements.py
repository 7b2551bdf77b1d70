"""Placements: a change that takes most Pops from a zone is held until somebody approves it.

A label that is lost, or a selector with a typing error, looks like a wish to serve a zone nowhere:
every edge would drop it and answer REFUSED. Such a change is held until it is approved by its hash,
as a plan is (see `plans`). What is held is the placement alone: the records of the zone go on
changing, at the Pops that have it.

While a placement is held, no Pop loses the zone. Pops that the zone is to gain get it at once where
the hold outlasts that. Where it does not, they wait too: a zone that moves from one Pop to another
would be at two Pops, would lose only half of them at the next look, and the hold would end by
itself.

The hash names the Pops that are lost and those that are wanted, and no zone. So one approval is
enough for all the zones that lose the same by one cause.
"""

from collections.abc import Sequence, Set
from typing import NamedTuple

from dnsfleet.zones import plans

MAX_LOST_SHARE = 0.5
"""Share of the Pops of a zone that one change may take from it: the others have to carry what all
of them carried."""
MAX_NAMED = 5
"""Pops that a message names."""
REASON = "UnsafePlacement"

Pops = tuple[str, ...] | None
"""Names of the Pops that serve a zone, sorted; None is all."""


class Fleet(NamedTuple):
    """What is known of the Pops, and what is approved for all zones."""

    running: Set[str] = frozenset()
    """The Pops whose edges run, or are to run."""
    ready: Set[str] = frozenset()
    """Those of them that have a Ready edge."""
    approvals: Set[str] = frozenset()
    """Hashes."""


NOBODY = Fleet()


class Hold(NamedTuple):
    """A placement that waits for its approval."""

    hash: str
    """16 hexadecimal digits."""
    lost: tuple[str, ...]
    """The Pops that the zone would lose, sorted."""
    text: str
    """What the change does, and why it is held."""

    @property
    def message(self) -> str:
        """The same, and how to approve it for one zone."""
        return f"{self.text}; {plans.how_to_approve(self.hash)}"


class Placement(NamedTuple):
    """Where a zone is to be published."""

    pops: Pops
    hold: Hold | None = None
    """Where this is not what is wanted."""


def decide(
    before: Pops,
    wanted: Pops,
    fleet: Fleet,
    approvals: Set[str],
    lately: Set[str] = frozenset(),
) -> Placement:
    """Where a zone that is published for `before` is to be published next.

    `approvals` are the hashes that are approved for this zone alone, `lately` the Pops that it lost
    a short time ago: a label that is taken from all Pops is taken from one after the other.
    """
    hold = unsafe(before, wanted, fleet, lately)
    if hold is None or hold.hash in fleet.approvals | approvals:
        return Placement(wanted)
    if before is None or wanted is None:
        return Placement(before, hold)
    joined = tuple(sorted({*before, *wanted}))
    now, then = _split(before, wanted, fleet, lately), _split(joined, wanted, fleet, lately)
    return Placement(before if now.is_most and not then.is_most else joined, hold)


def unsafe(before: Pops, wanted: Pops, fleet: Fleet, lately: Set[str] = frozenset()) -> Hold | None:
    """Why this change needs approval, or None.

    It needs it when with it the zone has lost all or more than half of the Pops that serve it, or
    did lately. It also waits while nobody would be left who answers: none of the Pops that stay has
    a Ready edge, and one that is lost has.
    """
    if wanted in (None, before):
        return None
    split = _split(before, wanted, fleet, lately)
    last = bool(split.lost & fleet.ready) and not split.kept & fleet.ready
    if not split.lost or not (split.is_most or last):
        return None
    lost, serving = sorted(split.lost), len(split.lost) + len(split.kept)
    text = f"the change takes {len(lost)} of {serving} Pops from the zone: {named(lost)}"
    if split.is_most and not split._replace(earlier=frozenset()).is_most:
        # Only then, so that a writer that does not know of earlier losses says the same.
        text += f"; shortly before, it lost {named(sorted(split.earlier))}"
    elif split.kept and last:
        text += "; no other Pop that serves it has a Ready edge"
    return Hold(plans.hash_of(f"{lost} {wanted}".encode()), tuple(lost), text)


def lost(before: Pops, after: Pops, fleet: Fleet) -> Set[str]:
    """The Pops that run and are to serve a zone no more."""
    return _split(before, after, fleet, frozenset()).lost


def named(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more


class _Split(NamedTuple):
    """The Pops of a zone that run."""

    lost: Set[str]
    kept: Set[str]
    earlier: Set[str]
    """Those that it lost lately and is not to have again."""

    @property
    def is_most(self) -> bool:
        """Whether the zone loses all or more than half of them."""
        gone = len(self.lost) + len(self.earlier)
        return gone > MAX_LOST_SHARE * (gone + len(self.kept))


def _split(before: Pops, wanted: Pops, fleet: Fleet, lately: Set[str]) -> _Split:
    serving = fleet.running if before is None else fleet.running & set(before)
    kept = serving if wanted is None else serving & set(wanted)
    earlier = (fleet.running & lately) - serving - set(wanted or ())
    return _Split(serving - kept, kept, earlier)
