"""How many whole copies of the core one certificate may take.

A replica asks by PSYNC for what it missed. Where the core has that no more, or the replica names no
place that the core knows, the core sends all it has: it forks, writes a file and sends that. Nobody
else waits for it, but it takes processor time, disk and network each time. So a certificate has a
budget of whole copies; what a replica missed is free.

What a PSYNC costs only its answer tells:

    PSYNC ──▶ one copy is taken from the budget; with none left the connection ends
    ◀── +FULLRESYNC    it stays taken: a whole copy comes
    ◀── +CONTINUE, or an error    it is given back

The answer is told by its place among the answers, since what somebody has the core repeat could
look like one. So before a PSYNC only those commands may be sent of which each has one line as
answer, as replicas do. A connection has one PSYNC.
"""

import time

from dnsfleet_io.upward_commands import CommandError

COPIES_AT_ONCE = 8
"""A replica on a bad link begins anew where a copy breaks off: so often it is not slowed."""
COPY_SECONDS = 60.0
"""Until one more may be taken after that. One of 300 MB takes three seconds (ADR 0038)."""

_ANSWER_OCTETS = 16
"""Of a line that are looked at."""
_SILENT = frozenset([b"ack", b"fack"])
"""Options of REPLCONF that have no answer."""


class CopiesError(CommandError):
    """There were too many whole copies."""


class CopyBudget:
    """What all connections with one certificate may take: a token bucket."""

    def __init__(self) -> None:
        self._left: float = COPIES_AT_ONCE
        self._at = time.monotonic()

    def take(self) -> None:
        """Take one copy; CopiesError where none is left."""
        now = time.monotonic()
        self._left = min(COPIES_AT_ONCE, self._left + (now - self._at) / COPY_SECONDS)
        self._at = now
        if self._left < 1:
            raise CopiesError(
                f"{COPIES_AT_ONCE} whole copies were taken; one more each {COPY_SECONDS:g} s"
            )
        self._left -= 1

    def give_back(self) -> None:
        """What was taken was no copy."""
        self._left = min(COPIES_AT_ONCE, self._left + 1)


class CopyWatch:
    """What one connection says about copies, both ways."""

    def __init__(self, budget: CopyBudget) -> None:
        self._budget = budget
        self._only_replica = True
        self._asked = self._answered = False
        self._before = 0
        """Answers that come before that of PSYNC."""
        self._line = bytearray()

    def command(self, words: list[bytes]) -> None:
        """A command is to be passed on; CommandError where it may not be."""
        if words[0].lower() == b"psync":
            if self._asked or not self._only_replica:
                raise CommandError("PSYNC comes after commands that no replica sends")
            self._budget.take()
            self._asked = True
        elif not self._asked:
            self._before += 1
            self._only_replica = self._only_replica and _has_one_line(words)

    def answer(self, piece: bytes) -> None:
        """The core said this."""
        if self._answered or not self._only_replica:
            return
        for part in piece.splitlines(keepends=True):
            self._line += part[: max(0, _ANSWER_OCTETS - len(self._line))]
            if not part.endswith(b"\n"):
                continue
            line = bytes(self._line).strip()
            self._line.clear()
            if line and self._is_of_psync(line):
                return

    def _is_of_psync(self, line: bytes) -> bool:
        """Whether this is the answer to PSYNC; what it cost is settled then."""
        if self._before:
            self._before -= 1
            return False
        self._answered = self._asked
        if self._answered and line.startswith((b"+CONTINUE", b"-")):
            self._budget.give_back()
        return self._answered


def _has_one_line(words: list[bytes]) -> bool:
    """Whether the answer to a command is one line, whatever the values are."""
    name, *rest = (word.lower() for word in words)
    if name == b"replconf":
        return not _SILENT.intersection(rest[::2])
    return name == b"auth" or (name == b"ping" and not rest)
