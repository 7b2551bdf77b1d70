"""Reads from the replica, in bounded pieces.

No command makes the replica work or answer for long, and no reply takes much memory, whatever is
stored there: of a value only so much is read as a good one may have, and of the index and the log a
part at a time. What a server answers that was taken over is bounded by the client (see
`dnsfleet_io.bounded_replies`).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import redis
from dnsfleet.names import MAX_TEXT
from dnsfleet.replication import announcements, keys, pop_commands
from dnsfleet.replication.announcements import stored_position
from dnsfleet_io.redis_clients import bounded_redis_client

# A replica is near: one that does not answer for so long is not available.
TIMEOUT_SECONDS = 3.0
# How long one read of the log waits for entries. An entry ends the wait at once, so this only
# limits how long a stop, or a dead connection, is not noticed.
LOG_BLOCK_MS = 250
# Entries are about 100 octets; after a full read the next goes on where it ended.
LOG_ENTRIES_PER_READ = 1000
# The highest second part of an id. A publisher writes 0, so that one position has one entry; others
# would be read again and again.
LAST_OF_A_POSITION = 2**64 - 1
# Values are at most 64 KiB, so one round trip stays near 1 MiB.
VALUES_PER_READ = 16
MAX_VALUE_OCTETS = 64 * 1024
# A part of the index: the replica works on it for less than a millisecond.
INDEX_ENTRIES_PER_READ = 1000
# A million zones, more than any fleet has, in a table that is a quarter full, as after many were
# removed. An entry takes about 200 octets here.
MAX_INDEX_PARTS = 4000
# Two positions and a sequence number, of 20 digits at most, and what is between them.
MAX_INDEX_VALUE = 64


Entry = tuple[bytes, dict[bytes, bytes]]
"""Id and fields of an entry of the log."""


class Index(NamedTuple):
    """What every zone is at."""

    zones: dict[bytes, bytes]
    """As they are in the hash."""
    position: int
    """Of the log when the reading began; 0 where there was none. What changed since is not in
    `zones`, or as it was before: the log tells it from here on."""


class Replica:
    """One connection to the replica at `url`, made on first use; a failure is `redis.RedisError`.

    The client does not decode replies, so they are bytes, which its types do not show.
    """

    def __init__(self, url: str) -> None:
        self._client = bounded_redis_client(url, TIMEOUT_SECONDS)

    def connect(self) -> None:
        self._client.ping()

    def disconnect(self) -> None:
        self._client.connection_pool.disconnect()

    def index(self) -> Index:
        """The index, read in parts; entries that no publisher writes are left out."""
        (value,) = self.values([keys.LSN])
        position = stored_position(value)
        zones: dict[bytes, bytes] = {}
        cursor = 0
        for _ in range(MAX_INDEX_PARTS):
            found = self._client.hscan(keys.ZONES, cursor, count=INDEX_ENTRIES_PER_READ)
            cursor, part = cast(tuple[int, dict[bytes, bytes]], found)
            zones.update(_entries_up_to(position, part))
            if cursor == 0:
                break
        return Index(zones, position)

    def fleet(self) -> bytes | None:
        (value,) = self.values([keys.FLEET])
        return value

    def values(self, names: Sequence[str]) -> list[bytes | None]:
        """A value for each key, in order; None where there is none.

        Of one that is longer than MAX_VALUE_OCTETS there is one octet more, which tells.
        """
        values: list[bytes | None] = []
        for start in range(0, len(names), VALUES_PER_READ):
            pipeline = self._client.pipeline(transaction=False)
            for name in names[start : start + VALUES_PER_READ]:
                pipeline.getrange(name, 0, MAX_VALUE_OCTETS)
            read = cast(list[object], pipeline.execute(raise_on_error=False))
            values += map(_value, read)
        return values

    def commands(self, pop: str) -> list[bytes]:
        """The newest signed commands of a Pop; nothing of them is proved."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.xrevrange(pop_commands.stream(pop), count=pop_commands.STREAM_ENTRIES)
        (read,) = pipeline.execute(raise_on_error=False)
        entries = cast(list[Entry], _unless_of_another_kind(read) or [])
        field = pop_commands.FIELD.encode()
        return [fields.get(field, b"") for _, fields in entries]

    def log(self, after: int, wait: bool) -> tuple[list[Entry], int]:
        """The entries after a position, and the position of the log before they were read.

        With `wait` it waits a little for the first of them.
        """
        pipeline = self._client.pipeline(transaction=False)
        pipeline.getrange(keys.LSN, 0, MAX_VALUE_OCTETS)
        pipeline.xread(
            {keys.LOG: f"{after}-{LAST_OF_A_POSITION}"},
            count=LOG_ENTRIES_PER_READ,
            block=LOG_BLOCK_MS if wait else None,
        )
        position, read = pipeline.execute()
        streams = cast(list[tuple[bytes, list[Entry]]], read)
        return [entry for _, entries in streams for entry in entries], stored_position(position)


def _value(read: object) -> bytes | None:
    """What GETRANGE found; a key that is no string is as good as none."""
    found = _unless_of_another_kind(read)
    return found or None if isinstance(found, bytes) else None


def _unless_of_another_kind(read: object) -> object:
    """A reply; None where the key is of another kind than it has to be."""
    if not isinstance(read, redis.ResponseError):
        return read
    if not str(read).startswith("WRONGTYPE"):
        raise read
    return None


def _entries_up_to(position: int, part: dict[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    for origin, value in part.items():
        if len(origin) <= MAX_TEXT and len(value) <= MAX_INDEX_VALUE:
            lsn = value.partition(b" ")[0]
            if announcements.position(lsn + b"-0") <= position:
                yield origin, value
