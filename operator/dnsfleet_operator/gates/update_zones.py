"""Which Zones the updates of a key go to: those that own its origins now. Pure.

Only origins that keys name are looked up, so the fleet may have any number of Zones. Before a new
leader has looked at all of them it knows of no owner for certain, and gates go on with what they
were told last.
"""

from collections.abc import Callable, Iterable, Sequence

from dnsfleet.resources import Reference
from dnsfleet.tsig_keys import UsableKey

from dnsfleet_operator.gates.tables import Row

MAX_TOLD = 3
"""Origins that one message names."""

FindOwner = Callable[[str], Reference | None]
"""The Zone that owns an origin and is there."""


def fill(rows: Iterable[Row], before: Iterable[Row], find_owner: FindOwner | None) -> Iterable[Row]:
    """Keys with the Zones of their origins; without `find_owner` those that they had `before`."""
    had = {row.owner.uid: row.key for row in before}
    for row in rows:
        old = had.get(row.owner.uid)
        known = {} if old is None or old.updates is None else old.updates.zones
        yield row._replace(key=row.key.with_owners(find_owner or known.get))


def missing(key: UsableKey) -> str:
    """What to say of the origins of a key that no Zone has; empty where each has one."""
    if key.updates is None:
        return ""
    lost = [each for each in _origins(key) if each not in key.updates.zones]
    if not lost:
        return ""
    return f"no Zone has {_listed(lost)}, so updates of {'it' if len(lost) == 1 else 'them'} fail"


def _origins(key: UsableKey) -> Sequence[str]:
    return () if key.updates is None else sorted(key.zones or ())


def _listed(origins: Sequence[str]) -> str:
    more = len(origins) - MAX_TOLD
    return ", ".join(origins[:MAX_TOLD]) + (f" and {more} more" if more > 0 else "")
