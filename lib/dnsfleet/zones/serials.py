"""SOA serials: arithmetic on a circle of 2**32 (RFC 1982), and which serial comes next."""

MODULUS = 2**32
HALF = 2**31
"""Beyond this distance a serial is behind, not ahead (RFC 1982 section 3.2)."""


def compare(a: int, b: int) -> int | None:
    """1 where `a` is newer than `b`, -1 where it is older, 0 where they are equal.

    None where they are exactly 2**31 apart: RFC 1982 leaves that undefined.
    """
    distance = (a - b) % MODULUS
    if distance == 0:
        return 0
    if distance == HALF:
        return None
    return 1 if distance < HALF else -1


def next_serial(previous: int | None, now: int, proposed: int | None) -> int:
    """The serial to publish: always newer than `previous`, never 0.

    `now` is Unix time in seconds. `proposed` is the serial that the source of the zone carries; it
    is taken when it is newer than `previous`. None and 0 propose nothing. Otherwise it is
    max(previous + 1, now) in serial arithmetic.
    """
    clock = now % MODULUS or 1
    if previous is None:
        return proposed or clock
    if proposed and compare(proposed, previous) == 1:
        return proposed
    return clock if compare(clock, previous) == 1 else following(previous)


def following(serial: int) -> int:
    """The nearest serial that is newer than `serial`, without 0."""
    return (serial + 1) % MODULUS or 1
