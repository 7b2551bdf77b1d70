"""What a Pop may send to the core through the tunnel: commands of bounded size, at a bounded rate.

A Pop sends little: a replica says each second how far it is, and the operator sets reports of
64 KiB at most. The core cannot bound more by itself: Valkey does not count what a replica has sent
and not finished (`maxmemory-clients`), and its users cannot be kept from a part of a command. So
the end of the tunnel at the core reads what goes upwards, and passes on only

    *N\\r\\n, and N times $OCTETS\\r\\nVALUE\\r\\n    a command
    \\r\\n or \\n                                an empty line: a replica that loads is alive

Whoever sends anything else is no Pop, and its connection ends; inline commands are refused too.

REPLCONF is looked into. For a replica that can take a copy without knowing its size (`capa eof`),
and does not say its version or asks for a part of the data (`rdb-filter-only`), Valkey streams the
copy, whatever its settings are: to all replicas that wait, at the pace of the slowest. No other
copy can begin before it ends, and no rewrite of the file of changes. The user of a Pop may not
begin a REPLCONF with these (see `redis_users`), and replicas go on where it is refused. But the
core looks at the first option alone, so what follows is refused here.
"""

import time
from collections.abc import Callable

MAX_ARGUMENTS = 32
"""Of a command: three times what any of ours has."""
COMMAND_OCTETS = 128 * 1024
"""Of all arguments of a command: twice the largest report. With it, what 16 connections have begun
and not finished takes 2 MiB of the core."""
LINE_OCTETS = 16
"""Of a line that says a number; ours have at most 8."""
OCTETS_A_SECOND = 64 * 1024
"""What all connections with one certificate may send: the largest report each second. A busy Pop
sends less than a third of it: 20 reports of a kilobyte."""
BURST_OCTETS = 512 * 1024
"""What they may send at once after they were silent: eight of the largest reports."""

_REPLICA_OPTIONS = frozenset([b"listening-port", b"ip-address", b"version", b"ack", b"fack"])
_CAPABILITIES = b"capa"


class CommandError(ValueError):
    """What was sent is no command of a Pop; the text says what is wrong with it."""


class Commands:
    """What one connection sends."""

    def __init__(self, heard: Callable[[list[bytes]], None] = lambda _: None) -> None:
        """`heard` is called with each whole command, and may raise CommandError too."""
        self._heard = heard
        self._line = bytearray()
        self._arguments = 0
        """Of the command that are still to come; 0 between commands."""
        self._left = 0
        """Octets of the value that are still to come, its end of line too; 0 between values."""
        self._value = bytearray()
        self._words: list[bytes] = []

    def check(self, piece: bytes) -> None:
        """Read on; CommandError where nothing of this piece may be passed on."""
        at = 0
        while at < len(piece):
            at = self._read_value(piece, at) if self._left else self._read_line(piece, at)

    def _read_line(self, piece: bytes, at: int) -> int:
        """Where the rest begins."""
        end = piece.find(b"\n", at) + 1 or len(piece)
        self._line += piece[at : min(end, at + LINE_OCTETS + 1)]
        if len(self._line) > LINE_OCTETS:
            raise CommandError(f"a line is longer than {LINE_OCTETS} octets")
        if self._line.endswith(b"\n"):
            line = bytes(self._line)
            self._line.clear()
            self._begin(line)
        return end

    def _begin(self, line: bytes) -> None:
        """A command begins, or a value of one."""
        if self._arguments:
            most = COMMAND_OCTETS - sum(map(len, self._words))
            self._left = _number(line, b"$", 0, most) + len(b"\r\n")
        elif line not in (b"\r\n", b"\n"):
            self._arguments = _number(line, b"*", 1, MAX_ARGUMENTS)

    def _read_value(self, piece: bytes, at: int) -> int:
        """Where the rest begins."""
        end = min(len(piece), at + self._left)
        self._value += piece[at:end]
        self._left -= end - at
        if not self._left:
            if not self._value.endswith(b"\r\n"):
                raise CommandError("a value is longer than it was said to be")
            self._words.append(bytes(self._value[:-2]))
            self._value.clear()
            self._arguments -= 1
            if not self._arguments:
                words, self._words = self._words, []
                _check_options(words)
                self._heard(words)
        return end


def _number(line: bytes, kind: bytes, least: int, most: int) -> int:
    digits = line.removeprefix(kind).removesuffix(b"\r\n")
    if line != kind + digits + b"\r\n" or not (digits.isascii() and digits.isdigit()):
        raise CommandError(f"{line!r} is sent where {kind.decode()} and a number has to be")
    if not least <= int(digits) <= most:
        raise CommandError(f"{line!r} is sent where {least} to {most} may be")
    return int(digits)


def _check_options(words: list[bytes]) -> None:
    """CommandError for what a replica may not say of itself; the core refuses it as first word."""
    options = [word.lower() for word in words[1::2]]
    if words[0].lower() != b"replconf" or options[:1] == [_CAPABILITIES]:
        return
    for option in options:
        if option not in _REPLICA_OPTIONS:
            raise CommandError(f"REPLCONF with {option[:LINE_OCTETS]!r} is for no Pop")


class Allowance:
    """What all connections with one certificate may send: a token bucket."""

    def __init__(self) -> None:
        self._left: float = BURST_OCTETS
        self._at = time.monotonic()

    def take(self, octets: int) -> float:
        """Seconds until so much more may be passed on."""
        now = time.monotonic()
        self._left = min(BURST_OCTETS, self._left + (now - self._at) * OCTETS_A_SECOND) - octets
        self._at = now
        return max(0.0, -self._left / OCTETS_A_SECOND)
