"""One Zone that is followed: what came, who is asked, and how it stands. No threads.

Its primaries are asked in rounds, each of them once in a round, the one that had the newest version
last time first. Whoever has a higher serial than what came before gives the zone, so no primary
that is behind hides one that is not. A round that nobody answered is a failure; a zone that waits
for its round still expires when its time is over.

Times are monotonic seconds here; a standing has Unix times.
"""

import time
from dataclasses import dataclass, field, replace

from dnsfleet.resources import Reference
from dnsfleet.resources.zone_transfers import ZoneTransfer
from dnsfleet.tsig_keys import Target

from dnsfleet_publisher.transferring import schedules
from dnsfleet_publisher.transferring.primaries import Version
from dnsfleet_publisher.transferring.standings import Reason, Standing

NEVER = float("inf")


@dataclass
class Followed:
    """The state of one Zone; whoever has its round may change it, and holds the lock."""

    reference: Reference
    origin: str
    wanted: ZoneTransfer
    due: float = 0.0
    """When the next round begins; NEVER while one is under way."""
    left: list[Target] = field(default_factory=list)
    """Who is still to be asked in the round under way."""
    began: float = -NEVER
    """When the last round began."""
    again: bool = False
    """Whether the next round is to begin as soon as this one ends."""
    notified: bool = False
    """Whether a primary said that the zone has changed, and one that was left alone may be it."""
    answered: bool = False
    """Whether some primary answered in this round, and was not behind."""
    held: float = 0.0
    """Seconds after this round in which a primary can be asked that was left alone in it."""
    problem: str = ""
    """Why none is asked."""
    faults: dict[Target, str] = field(default_factory=dict)
    """What was wrong with a primary when it was asked last."""
    version: Version | None = None
    last: Target | None = None
    """The primary that gave it, or said first that it is still the newest."""
    taken: bool = False
    """Whether a version was given to the writer."""
    failures: int = 0
    refusals: int = 0
    """Versions older than what is published: each is a whole zone that came for nothing."""
    expires: float = NEVER
    """When it expires, unless a primary answers before."""
    standing: Standing = field(default_factory=Standing)
    told: bool = False
    """Whether the writer asked since something came."""
    told_at: float = 0.0
    dropped: bool = False

    def begin(self) -> None:
        """Begin a round."""
        self.began = time.monotonic()
        self.due, self.again, self.answered, self.held = NEVER, False, False, 0.0
        self.left = [Target(each.address, each.port) for each in self.wanted.primaries]
        self.faults = {each: self.faults[each] for each in self.left if each in self.faults}
        self.left.sort(key=lambda each: each != self.last)

    @property
    def message(self) -> str:
        """What is wrong, with each primary."""
        wanted = [Target(each.address, each.port) for each in self.wanted.primaries]
        faults = [f"{e}: {self.faults[e]}" for e in wanted if e in self.faults]
        return "; ".join([self.problem, *faults] if self.problem else faults)

    def succeeded(self, primary: Target, version: Version, *, came: bool) -> Standing:
        """A primary gave a version, or says that it is the newest: how the Zone stands now."""
        if not came and self.version is not version:
            return self.standing  # refused since it was asked
        self.faults.pop(primary, None)
        if came or not self.answered:  # who says the same after it changes nothing
            self.last = primary
        self.version, self.answered, self.failures = version, True, 0
        seconds = schedules.expire(version.soa)
        self.expires = time.monotonic() + seconds
        now = time.time()
        return Standing(
            "Current",
            self.message,
            version.soa.serial,
            str(self.last or primary),
            now,
            now + schedules.refresh(version.soa),
            now + seconds,
        )

    def refuse(self, version: Version, message: str) -> None:
        """The version is older than what is published: the next answer is a whole zone again."""
        if self.version is not version or self.last is None:
            return
        self.version, self.answered, self.expires = None, False, NEVER
        self.refusals += 1
        self.faults[self.last] = message
        self.standing = replace(
            self.standing, reason="Retrying", message=self.message, expires=None
        )
        if self.due != NEVER:
            wait = min(schedules.retry(version.soa, 1), self.due - time.monotonic())
            self.plan(max(wait, schedules.retry(None, self.refusals)))

    def end(self) -> Standing:
        """The round is over: plan the next one."""
        if self.answered and self.version is not None:
            wait = schedules.refresh(self.version.soa)
            if self.notified and self.held:
                wait = min(wait, self.held)
            self.notified = self.again
            self.plan(wait)
            return replace(self.standing, message=self.message)
        self.failures += 1
        failures = max(self.failures, self.refusals)
        wait = schedules.retry(None if self.version is None else self.version.soa, failures)
        left = self.expires - time.monotonic()
        if left > 0:  # once more before it expires
            wait = min(wait, max(left, schedules.MIN_SECONDS))
        if self.held:
            wait = min(wait, self.held)
        self.plan(wait)
        expired = left <= 0 or self.standing.reason == "Expired"
        reason: Reason = "Expired" if expired else "Retrying"
        return replace(self.standing, reason=reason, message=self.message)

    def plan(self, seconds: float) -> None:
        """Begin the next round after so many seconds, or now where that was asked for."""
        wait = self.soon() if self.again else seconds
        self.due = time.monotonic() + wait
        self.standing = replace(self.standing, due=time.time() + wait)

    def soon(self) -> float:
        """Seconds until a round may begin for which somebody asked."""
        return max(self.began + schedules.NOTIFIED_SECONDS - time.monotonic(), 0.0)

    def expired(self) -> Standing:
        """Its time is over: how it stands now."""
        if self.expires != NEVER:
            return self.standing  # a primary answered meanwhile
        message = self.message or "no primary was asked in time; others have their turn before it"
        return replace(self.standing, reason="Expired", message=message)
