"""Formats: which forms of a publication this version knows, and which of them a writer uses.

A format is one number for all that a reader has to understand of a publication: the signed heads,
and the payloads that a manifest names. A version reads and writes the last two, and every ack says
the newest that its edge reads. The writer keeps to the older one as long as some edge reads no
newer one, so operator and edges may be updated, and set back, in any order:

    the operator knows 1, 2    every edge reads 1         it writes 1
                               some read 1, some 2        it writes 1
                               every edge reads 2         it writes 2, and what is in 1 once more
                               one reads 1 again          it writes 1, and what is in 2 once more

An edge that meets a format that it does not read keeps what it has, and names the zone in its ack.
"""

from collections.abc import Iterable

from dnsfleet.replication.acks import Ack

READS = (1,)
"""The formats that this version reads and writes, the older first. There is only one so far."""

HEARD_MS = 24 * 3600 * 1000
"""An edge that was not heard for so long does not count: it is gone, or it says again what it reads
when it is back. Nor is a newer format tried sooner than this after an edge could not read it."""


class Choice:
    """The format that one writer writes; the older one until edges say more."""

    def __init__(self) -> None:
        self.format = READS[0]
        self._no_newer_before_ms = 0

    def hear(self, acks: Iterable[Ack], now_ms: int) -> bool:
        """Take what every edge said last; whether another format is written from now on.

        Where no edge was heard, nothing changes.
        """
        heard = [ack.reads for ack in acks if now_ms - ack.time_ms <= HEARD_MS]
        common = min(heard, default=self.format)
        chosen = max((each for each in READS if each <= common), default=READS[0])
        if chosen == self.format or (chosen > self.format and now_ms < self._no_newer_before_ms):
            return False
        if chosen < self.format:
            self._no_newer_before_ms = now_ms + HEARD_MS
        self.format = chosen
        return True
