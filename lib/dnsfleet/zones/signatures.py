"""How near the signatures of a signed zone are to their end, and what to tell of that. Pure.

A validating resolver takes no answer whose signature has ended or has not begun; its clients get
SERVFAIL. Only the signer can mend that, and an edge that stopped to serve the zone would harm those
who do not validate as well. So this is always told, and never a reason to refuse anything.

    NotYetValid ──the last signatures begin──▶ Valid ──▶ NearExpiry ──the first ones end──▶ Expired
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from dnsfleet_engine import Zone

from dnsfleet.violations import Violation

NEAR_SECONDS = 24 * 3600
"""A day: signers have signed again by then, so whoever is told has a signer that does not work, and
a day to repair it. As they come, BIND does so 5 days before the end and OpenDNSSEC 3. Only Knot 3.2
waits for longer, until an hour and the highest TTL are left; docs/dnssec.md tells what to set. The
alert has the same day."""


class Level(StrEnum):
    """What the signatures of a zone are worth to a validator."""

    VALID = "Valid"
    NEAR_EXPIRY = "NearExpiry"
    """Valid, and some end within NEAR_SECONDS."""
    EXPIRED = "Expired"
    """Some have ended."""
    NOT_YET_VALID = "NotYetValid"
    """Some have not begun: a clock is wrong, here or at the signer."""


class Moment(NamedTuple):
    """When the signatures of some RRset begin, or end."""

    at: int
    """Unix time in seconds."""
    owner: str
    rtype: str


class Period(NamedTuple):
    """When all signatures of a zone are valid."""

    begins: Moment
    """When the last ones begin."""
    ends: Moment
    """When the first ones end."""

    def level(self, now: float) -> Level:
        """The level at a moment, Unix time in seconds."""
        if now >= self.ends.at:
            return Level.EXPIRED
        if now < self.begins.at:
            return Level.NOT_YET_VALID
        return Level.NEAR_EXPIRY if now >= self.ends.at - NEAR_SECONDS else Level.VALID

    def next_change(self, now: float) -> int | None:
        """After `now`, the first moment when the level may be another one; None for no more."""
        moments = (self.begins.at, self.ends.at - NEAR_SECONDS, self.ends.at)
        return min((moment for moment in moments if moment > now), default=None)


def period(zone: Zone, now: float) -> Period | None:
    """When the signatures of a zone are valid; None where it is not signed.

    It goes through the whole of a signed zone. `now` is Unix time in seconds.
    """
    found = zone.signature_period(int(now))
    return None if found is None else Period(Moment(*found[0]), Moment(*found[1]))


def message(period: Period, level: Level) -> str:
    """What there is to know at a level, and what to do; the same for as long as it lasts."""
    begins, ends = _told(period.begins), _told(period.ends)
    match level:
        case Level.VALID:
            return f"the first signature ends at {ends}"
        case Level.NEAR_EXPIRY:
            return (
                f"the first signature ends at {ends}, and nobody has signed the zone again: "
                "repair its signer and bring the zone anew"
            )
        case Level.EXPIRED:
            return (
                f"the first signature ended at {ends}; validating resolvers answer SERVFAIL: "
                "sign the zone again and bring it anew"
            )
        case Level.NOT_YET_VALID:
            return (
                f"the last signature begins at {begins}; until then validating resolvers answer "
                "SERVFAIL: compare the clocks of the signer and of this machine"
            )


def warning(period: Period, level: Level, where: str) -> Violation | None:
    """A level that somebody has to act on as a finding at a place; None for VALID."""
    if level is Level.VALID:
        return None
    return Violation(f"Signatures{level}", message(period, level), where, "warning")


def _told(moment: Moment) -> str:
    at = datetime.fromtimestamp(moment.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{at}, for {moment.owner} {moment.rtype}"
