"""What is published and has no object: kept for long, then removed a few at a time. Pure.

A list that lacks a Zone proves little: the namespace may be gone, the CRD may have been reinstalled
or a backup restored in part. So an orphan is served on for a grace period that people can notice,
and one sweep removes at most a tenth of what is published. An empty list orphans only what it
counts for (see `absences`). Somebody may end one before its time, by an approval of this absence.
"""

import math
from collections.abc import Callable, Mapping, Set
from typing import NamedTuple

from dnsfleet.zones import removals

MAX_SHARE = 10
"""One in so many published zones may go in a sweep, but always one."""


class Sweep(NamedTuple):
    """What one look at the published zones gives."""

    since: Mapping[str, float]
    """Since when each orphan is known as one; infinite where its absence does not count yet."""
    removed: frozenset[str]
    """Those to remove now."""


def sweep(
    published: Set[str],
    named: Set[str],
    since: Mapping[str, float],
    now: float,
    grace_seconds: float,
    counts: Callable[[str], bool],
    unseen: Set[str] = frozenset(),
) -> Sweep:
    """Look once, after a complete list.

    `published` are the origins that edges serve, `named` those that some Zone object names, `since`
    comes from the last look, which somebody with another clock may have made; times are seconds.
    `counts` tells whether an empty list says anything about an origin. What one said nothing about
    stays so until a list has something. `unseen` are those that no list could name.
    """

    def first(origin: str) -> float:
        noted = since.get(origin, now)
        if origin in unseen:
            return math.inf
        if not named and (math.isinf(noted) or not counts(origin)):
            return math.inf
        return min(noted, now)

    known = {origin: first(origin) for origin in published - named}
    ripe = sorted(
        (origin for origin, begun in known.items() if now - begun >= grace_seconds),
        key=lambda origin: (known[origin], origin),
    )
    removed = frozenset(ripe[: max(1, len(published) // MAX_SHARE)])
    kept = {origin: begun for origin, begun in known.items() if origin not in removed}
    return Sweep(kept, removed)


def to_end(since: Mapping[str, float], approvals: Set[str]) -> frozenset[str]:
    """Those that are approved to end before their time; `since` as in `Sweep`."""
    if not approvals:
        return frozenset()
    return frozenset(
        origin
        for origin, begun in since.items()
        if math.isfinite(begun) and removals.end_hash(origin, begun) in approvals
    )
