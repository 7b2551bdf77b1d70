"""The secrets of DNS cookies: when one is made, used and removed (RFC 7873, RFC 9018 section 5).

All edges have the same secrets, in the file that `to_text` writes. One of them makes cookies and
all are accepted, so a client may ask any edge of any Pop with the cookie that another one gave it.
Edges learn of a change at different times, and each of them must accept what any other makes:

    next ────────STAGE───────► current ────────PERIOD───────► previous ─────OVERLAP────► removed
    accepted; known to every   cookies are made with it       accepted: clients still
    edge before it is used     (PERIOD, and the next STAGE)   have cookies of it

Each secret is written with the time at which its part began, and each step counts from that time.
So whoever rotates them may stop for days or look at any moment: a step can be late, and it is never
too early.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

OCTETS = 16
"""Octets of a secret: the key of SipHash-2-4 (RFC 9018 section 4.4)."""
STAGE_SECONDS = 3600
"""Until a new secret is used: mounted files and slow edges take minutes to have it."""
PERIOD_SECONDS = 24 * 3600
"""Until the next one is made. With STAGE_SECONDS a secret is used for 25 hours; RFC 7873 section
7.1 recommends 26 at most."""
OVERLAP_SECONDS = 2 * 3600
"""How long one is accepted after its successor is used: the hour that a cookie lives, and another
for the last edge to learn of the successor."""
LOOK_SECONDS = 300.0
"""Between two looks at whether a step is due: the steps are hours apart."""


class Part(StrEnum):
    """What a secret is for."""

    CURRENT = "current"
    """Cookies are made with it; there is always one."""
    NEXT = "next"
    PREVIOUS = "previous"


class Secret(NamedTuple):
    """One secret."""

    part: Part
    octets: bytes
    since: int
    """Unix time in seconds at which it took its part."""

    def __repr__(self) -> str:
        return f"Secret({self.part}, since={self.since})"


def parse(text: str) -> tuple[Secret, ...]:
    """The secrets of a file, in its order; ValueError says what is wrong with it.

    A line is `current`, `next` or `previous`, a secret in hexadecimal, and the Unix time in seconds
    since which it has that part. Each part occurs once at most, and `current` once.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            part, digits, since = line.split()
            secret = Secret(Part(part), bytes.fromhex(digits), int(since))
        except ValueError:
            secret = None
        if secret is None or len(secret.octets) != OCTETS or secret.since < 0:
            raise ValueError(
                f"line {number}: write current, next or previous, {2 * OCTETS} hexadecimal digits "
                "and a Unix time"
            )
        found.append(secret)
    parts = [secret.part for secret in found]
    if parts.count(Part.CURRENT) != 1 or len(set(parts)) != len(parts):
        raise ValueError("write one current secret, and at most one next and one previous")
    return tuple(found)


def to_text(secrets: Iterable[Secret]) -> str:
    """What `parse` reads."""
    return "".join(f"{part} {octets.hex()} {since}\n" for part, octets, since in secrets)


def for_engine(secrets: Iterable[Secret]) -> list[bytes]:
    """The octets, those of the current one first."""
    ordered = sorted(secrets, key=lambda secret: secret.part is not Part.CURRENT)
    return [secret.octets for secret in ordered]


def rotate(secrets: Iterable[Secret], now: int, fresh: bytes) -> tuple[Secret, ...]:
    """The secrets after the step that is due, if one is; `fresh` are random octets for a new one.

    `secrets` is what `parse` gives, or empty where there is no file yet.
    """
    # A time in the future, from a clock that was wrong, would delay the next step.
    has = {secret.part: secret._replace(since=min(secret.since, now)) for secret in secrets}

    def is_over(part: Part, seconds: int) -> bool:
        return part in has and now - has[part].since >= seconds

    if Part.CURRENT not in has:
        has[Part.CURRENT] = Secret(Part.CURRENT, fresh, now)
    if is_over(Part.PREVIOUS, OVERLAP_SECONDS):
        del has[Part.PREVIOUS]
    if is_over(Part.NEXT, STAGE_SECONDS) and Part.PREVIOUS not in has:
        has[Part.PREVIOUS] = Secret(Part.PREVIOUS, has[Part.CURRENT].octets, now)
        has[Part.CURRENT] = Secret(Part.CURRENT, has.pop(Part.NEXT).octets, now)
    elif is_over(Part.CURRENT, PERIOD_SECONDS) and Part.NEXT not in has:
        has[Part.NEXT] = Secret(Part.NEXT, fresh, now)
    return tuple(has[part] for part in Part if part in has)
