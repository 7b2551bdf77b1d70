"""A core that is read as it is, and takes no write: what a rehearsal publishes to.

What a writer is answered is what the real core would say to the one writer that there is. Nothing
of it leaves this process, so the writer that runs notices nothing.
"""

from collections.abc import Iterator, Mapping

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

    def claim(self, wanted: int, above: int, step: int) -> int:
        """The fence that this writer would get."""
        stored, self._position, _ = super().state()
        known = max(above, int(stored) if stored.isdecimal() else 0)
        self._fence = wanted if wanted > known else known + step
        return self._fence

    def state(self) -> tuple[str, int, int]:
        """As the real core is, with our fence and where our writes would have led."""
        return str(self._fence), self._position, super().state()[2]

    def moved(self, since: int) -> bool:
        """Whether the writer that runs published something after this position."""
        return super().state()[1] != since

    def acks(self, tidy: bool = True) -> dict[str, Ack]:
        """What edges say; nothing is tidied."""
        del tidy
        return super().acks(tidy=False)

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
