"""A core that is read as it is, and takes no write: what a rehearsal publishes to.

What a writer is answered is what the real core would say to the one writer that there is. Nothing
of it leaves this process, so the writer that runs notices nothing.
"""

from collections.abc import Iterator, Mapping, Sequence

import redis
from dnsfleet.replication.acks import Ack

from dnsfleet_publisher.core_redis import CoreRedis
from dnsfleet_publisher.drafts import Draft


class DryCore(CoreRedis):
    """The fleet's keys in one Redis, to be read. Begins with `claim`."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(client)
        self._fence = 0
        self._position = 0
        self._given: dict[str, tuple[bytes, bytes | None]] = {}

    def claim(self, wanted: int, above: int, step: int) -> int:
        """The fence that this writer would get."""
        stored, self._position, _ = super().state()
        known = max(above, int(stored) if stored.isdecimal() else 0)
        self._fence = wanted if wanted > known else known + step
        return self._fence

    def state(self) -> tuple[str, int, int]:
        """As the real core is, with our fence and where our writes would have led."""
        return str(self._fence), self._position, super().state()[2]

    def heads(self, origins: Sequence[str]) -> Iterator[dict[str, tuple[bytes, bytes | None]]]:
        """As the real core has them; the first answer about each is remembered for `moved`."""
        for part in super().heads(origins):
            for origin, head in part.items():
                self._given.setdefault(origin, head)
            yield part

    def moved(self, origins: Sequence[str]) -> bool:
        """Whether the writer that runs published one of these zones since its head was read."""
        return any(
            self._given.get(origin, now) != now
            for part in super().heads(origins)
            for origin, now in part.items()
        )

    def acks(self, tidy: bool = True) -> dict[str, Ack]:
        """What edges say; nothing is tidied."""
        del tidy
        return super().acks(tidy=False)

    def ask_for_all(self) -> int:
        """The fence above which all would be published again; nobody is asked."""
        return self._fence

    def forget_edges(self, edges: Sequence[str]) -> None:
        """Keep what they said."""

    def write_chunks(self, chunks: Mapping[str, bytes], seconds: int = 0) -> None:
        """Keep none of them."""

    def publish(
        self,
        fence: int,
        lsn: int,
        allowed: tuple[int, int],
        key: str,
        signed: bytes,
        draft: Draft | None = None,
        fleet: bytes = b"",
        kept: bytes = b"",
    ) -> list[str]:
        """`ok`, and the position before."""
        del fence, allowed, key, signed, draft, fleet, kept
        return self._moved_to(lsn)

    def end(
        self, fence: int, lsn: int, allowed: tuple[int, int], origin: str, stored: str
    ) -> list[str]:
        """`ok`, and the position before."""
        del fence, allowed, origin, stored
        return self._moved_to(lsn)

    def _moved_to(self, lsn: int) -> list[str]:
        before, self._position = self._position, lsn
        return ["ok", str(before)]

    def _write_notes(
        self, name: str, fence: int, changes: Mapping[str, bytes | None], at_once: int
    ) -> Iterator[str]:
        del name, changes, at_once
        yield str(fence)

    def _empty(self, names: Sequence[bytes]) -> None:
        """Keep what is there."""
