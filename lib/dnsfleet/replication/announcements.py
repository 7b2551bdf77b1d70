"""Announcements: which zone is at which revision, as the index and the log say without a signature.

The publisher's script writes them, the follower reads them; `keys` shows the layout. One that
cannot be read is skipped in the index, which is read again at the next comparison. In the log it
counts as a gap.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from dnsfleet.replication.revisions import Revision

_POSITION = re.compile(rb"[0-9]{1,15}")
_ENTRY_ID = re.compile(rb"([0-9]{1,20})-[0-9]{1,20}")


class Announcement(NamedTuple):
    """A zone is said to be at a revision since a position; ordered by position."""

    lsn: int
    zone: str
    revision: Revision


class LogEntry(NamedTuple):
    """One entry of the log."""

    lsn: int
    after: int
    """The position before it."""
    announcement: Announcement | None
    """None where the fleet's head was published."""


def read_index(zones: Mapping[bytes, bytes]) -> list[Announcement]:
    """What the hash of zones says, oldest first."""
    heard = (_read_zone(origin, *value.partition(b" ")[::2]) for origin, value in zones.items())
    return sorted(announcement for announcement in heard if announcement is not None)


def read_entry(entry_id: bytes, fields: Mapping[bytes, bytes]) -> LogEntry | None:
    """What an entry of the log says; None where it cannot be read."""
    position = entry_id.partition(b"-")[0]
    lsn, after = _read_position(position), _read_position(fields.get(b"after", b""))
    origin = fields.get(b"zone", b"")
    announcement = _read_zone(origin, position, fields.get(b"revision", b"")) if origin else None
    if lsn is None or after is None or (origin and announcement is None):
        return None
    return LogEntry(lsn, after, announcement)


def position(entry_id: bytes) -> int:
    """Where an entry of the log is, whatever it says; 0 for an id that no stream has."""
    found = _ENTRY_ID.fullmatch(entry_id)
    return int(found[1]) if found is not None else 0


def stored_position(value: bytes | None) -> int:
    """The value of `keys.LSN`; 0 where there is none, or none that can be read."""
    return position((value or b"") + b"-0")


def _read_position(text: bytes) -> int | None:
    return int(text) if _POSITION.fullmatch(text) else None


def _read_zone(origin: bytes, position: bytes, revision: bytes) -> Announcement | None:
    lsn = _read_position(position)
    try:
        zone, at = origin.decode("ascii"), Revision.parse(revision.decode("ascii"))
    except ValueError:
        return None
    return None if lsn is None else Announcement(lsn, zone, at)
