"""The parts that a zone is made of, and whether one of them may be only a piece of what it was.

A zone file may include others, or be put together from keys of ConfigMaps. One that was cut, or
emptied, may be a small part of its zone, so that the number of RRsets that the zone loses shows
nothing. Therefore the records of each part are counted. A part that lost more than 30 % and more
than 10 of its records is a doubt, and so is one that is empty, which shows without knowing what it
had. A comment in an empty part says that this is meant.

A part that is not named any more was renamed, or merged into another one, where parts that are new
have about as many records as it had. Otherwise it is a doubt as well: the line that includes it
may have been cut off.
"""

from typing import NamedTuple

from dnsfleet.zones.plans import is_large


class Parts(NamedTuple):
    """What one version of a zone is made of."""

    records: tuple[tuple[str, int], ...] = ()
    """The name of each part, and the number of records that it gave."""
    empty: str = ""
    """The name of a part that has nothing in it, not even a comment; one where there are more."""


def doubt(now: Parts | None, before: Parts | None) -> str:
    """Why a part of `now` may not be whole, in words; empty where nothing says so.

    `before` are the parts of the version that is published; None is what nobody knows.
    """
    if now is None:
        return ""
    if now.empty:
        return f"{now.empty} is empty"
    if before is None or now.records == before.records:
        return ""
    old, new = dict(before.records), dict(now.records)
    for name, had in old.items():
        lost = had - new.get(name, had)
        if is_large(lost, had):
            return f"{name} has lost {lost} of {had} records"
    gone = [name for name in old if name not in new]
    had = sum(old[name] for name in gone)
    lost = had - sum(count for name, count in new.items() if name not in old)
    return f"{gone[0]} is not read any more" if gone and is_large(lost, had) else ""
