"""How one secondary stands with one zone, by what it answers and what is published. Pure.

    Current   it has the newest serial, or had it less than GRACE_SECONDS ago
    Behind    it has an older serial
    Ahead     it has a newer one, so it takes nothing until the zone is above it (RFC 1982)
    Failing   it answers without a SOA of the zone
    Silent    it does not answer any more
    Unknown   it never answered, or no gate has asked it yet

Every change of a zone leaves each secondary behind for a moment, and a server that restarts is
silent for one. So what is not Current becomes so after GRACE_SECONDS only; until then what was
said before stays. Current comes at once.

A zone that changes all the time is never equal at both ends. So a secondary has a **goal**: a
serial that was published once, and when. One that reaches it in time is Current, and gets what is
published then as its next goal.

What it answered before it lacked something tells nothing of that. Where very many zones change at
once, questions wait for their turn: so long is the time that a secondary has for its goal longer.
"""

from typing import Literal, NamedTuple, Self

from dnsfleet.secondaries.answers import Answer
from dnsfleet.zones import serials

GRACE_SECONDS = 60.0
"""A NOTIFY and a transfer take seconds, a gate asks within five more, and gates are read every ten.
Above the time of a restart of a name server, too."""

State = Literal["Current", "Behind", "Ahead", "Failing", "Silent", "Unknown"]

_OF_KIND: dict[str, State] = {"error": "Failing", "silence": "Silent", "unknown": "Unknown"}


class Goal(NamedTuple):
    """What a secondary is to have."""

    serial: int
    since: float
    """Since when it lacks that, or is not known to have it; in seconds of any clock."""


class Standing(NamedTuple):
    """Of one secondary with one zone; `after` gives the next one."""

    state: State = "Unknown"
    goal: Goal | None = None
    """None where it had what was published when it was asked."""

    def after(self, answer: Answer, published: int, now: float, lag: float = 0.0) -> Self:
        """With what it answers and the serial that is published at the time `now`.

        `lag` is for how many seconds questions to it wait.
        """
        grace = GRACE_SECONDS + lag
        found = observed(answer, published)
        if found == "Current":
            return self._replace(state="Current", goal=None)
        goal, state = self.goal, self.state
        if goal is None:
            goal = Goal(published, now)
        elif found == "Behind" and serials.compare(answer.serial, goal.serial) in (0, 1):
            if now - goal.since < grace:
                state = "Current"
            goal = Goal(published, now)
        if now - goal.since >= grace:
            state = found
        return self._replace(state=state, goal=goal)

    def due(self, answer: Answer, published: int, lag: float = 0.0) -> float | None:
        """When it is to be looked at again although nothing changes; None for never."""
        if self.goal is None or self.state == observed(answer, published):
            return None
        return self.goal.since + GRACE_SECONDS + lag

    def seconds_behind(self, now: float, lag: float = 0.0) -> float:
        """For how long it is not known to have what was published, although it was asked."""
        return 0.0 if self.goal is None else max(0.0, now - self.goal.since - lag)


def observed(answer: Answer, published: int) -> State:
    """The state that an answer shows, without what was before."""
    if answer.kind != "serial":
        return _OF_KIND[answer.kind]
    order = serials.compare(answer.serial, published)
    if order == 0:
        return "Current"
    return "Behind" if order == -1 else "Ahead"
