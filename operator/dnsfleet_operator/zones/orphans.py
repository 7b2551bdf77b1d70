"""Published zones that no Zone object asks for: kept for long, then removed a few at a time. Pure.

A list that lacks a Zone proves little: the namespace may be gone, the CRD may have been reinstalled
or a backup restored in part. So an orphan is served on for a grace period that people can notice,
an empty list orphans nothing, and one sweep removes at most a tenth of what is published.
"""

from collections.abc import Mapping, Set
from typing import NamedTuple

MAX_SHARE = 10
"""One in so many published zones may go in a sweep, but always one."""


class Sweep(NamedTuple):
    """What one look at the published zones gives."""

    since: Mapping[str, float]
    """Since when each orphan is known as one."""
    removed: frozenset[str]
    """Those to remove now."""


def sweep(
    published: Set[str],
    named: Set[str],
    since: Mapping[str, float],
    now: float,
    grace_seconds: float,
) -> Sweep:
    """Look once, after a complete list.

    `published` are the origins that edges serve, `named` those that some Zone object names,
    `since` comes from the last look; times are monotonic seconds.
    """
    if not named:
        return Sweep({}, frozenset())
    known = {origin: since.get(origin, now) for origin in published - named}
    ripe = sorted(
        (origin for origin, first in known.items() if now - first >= grace_seconds),
        key=lambda origin: (known[origin], origin),
    )
    removed = frozenset(ripe[: max(1, len(published) // MAX_SHARE)])
    kept = {origin: first for origin, first in known.items() if origin not in removed}
    return Sweep(kept, removed)
