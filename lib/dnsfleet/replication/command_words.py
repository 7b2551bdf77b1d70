"""What became of Pop commands: the word that goes back, and the journal that it is made from.

The word is cumulative: it names the newest outcomes, whether the core has heard of them or not. So
the newest word says all, a lost one is replaced by the next, and it travels in the report of its
Pop (`pop_reports`). It is not signed: it can claim that something was done, and no more.

The journal is what whoever carries commands out has to remember, beyond a restart of it and beyond
a core that is away: up to which number it took commands, the outcomes, and what is begun. Each
command is noted as begun, and that note is kept, before it has any effect.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from dnsfleet.replication import claimed
from dnsfleet.replication.pop_commands import MAX_KEPT, MAX_TEXT, MAX_WAITING, Request
from dnsfleet.replication.revisions import Revision

DONE, FAILED, EXPIRED = "Done", "Failed", "Expired"
"""How a request ends. Done had its effect, Failed has none; Expired says in its message whether it
was begun."""
STATES = (DONE, FAILED, EXPIRED)
MAX_TIME_MS = 253_402_300_799_000
"""The last second of the year 9999: no later time can be written in an object."""
MAX_MESSAGE = 200
"""Characters of a message that are kept: all outcomes of a word have 30 KiB then, before they are
packed."""


class Outcome(NamedTuple):
    """How one request ended."""

    request: str
    """Its name."""
    state: str
    """One of STATES."""
    message: str
    """What was done, or why it was not."""
    ended_ms: int
    """Unix time in milliseconds."""


class Begun(NamedTuple):
    """A command that was begun and has not ended."""

    request: Request
    sequence: Revision
    target: str = ""
    """The one object that it has its effect on, once that is chosen: so it has none on another."""
    problem: str = ""
    """Why it has not ended yet."""


class Journal(NamedTuple):
    """What whoever carries out the commands of one Pop remembers."""

    sequence: Revision = Revision(0, 0)
    """Every command up to this number was taken: it is begun, has ended, or never comes."""
    outcomes: tuple[Outcome, ...] = ()
    """The newest MAX_KEPT, the oldest first."""
    begun: tuple[Begun, ...] = ()
    """In the order of their numbers, MAX_WAITING at most."""

    def with_outcome(self, outcome: Outcome) -> "Journal":
        """The journal once a request has ended."""
        outcome = outcome._replace(message=outcome.message[:MAX_MESSAGE])
        begun = tuple(each for each in self.begun if each.request.name != outcome.request)
        return self._replace(outcomes=(*self.outcomes, outcome)[-MAX_KEPT:], begun=begun)

    def with_begun(self, changed: Begun) -> "Journal":
        """The journal with another target or problem of a command that is begun."""
        changed = changed._replace(problem=changed.problem[:MAX_MESSAGE])
        begun = tuple(
            changed if each.request.name == changed.request.name else each for each in self.begun
        )
        return self._replace(begun=begun)


def said(outcomes: tuple[Outcome, ...]) -> list[list[object]]:
    """The word, as JSON says it."""
    return [list(each) for each in outcomes[-MAX_KEPT:]]


def heard(word: Any) -> tuple[Outcome, ...]:
    """The word that JSON says, as far as it can be read; TypeError where it is no list.

    One outcome that a later version says in other words costs no other.
    """
    return tuple(filter(None, map(_outcome, word[-MAX_KEPT:])))


def encode(journal: Journal) -> str:
    """The journal as text."""
    begun = [
        [*each.request, str(each.sequence), each.target, each.problem] for each in journal.begun
    ]
    return json.dumps(
        {"sequence": str(journal.sequence), "outcomes": said(journal.outcomes), "begun": begun},
        separators=(",", ":"),
    )


def decode(text: str) -> Journal:
    """The journal in text, also of a newer version; ValueError where it cannot be read."""
    try:
        known: Mapping[str, Any] = json.loads(text)
        begun = tuple(map(_begun, known["begun"]))
        sequence = Revision.parse(known["sequence"])
        return Journal(sequence, heard(known["outcomes"]), begun[:MAX_WAITING])
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"it is no journal: {error!r}") from error


def _begun(said: Any) -> Begun:
    name, verb, argument, given, expires, sequence, target, problem, *_ = said
    return Begun(
        Request(str(name), str(verb), str(argument), int(given), int(expires)),
        Revision.parse(sequence),
        str(target),
        str(problem),
    )


def _outcome(said: Any) -> Outcome | None:
    try:
        request, state, message, ended_ms, *_ = said
        if state not in STATES or type(ended_ms) is not int or not 0 <= ended_ms <= MAX_TIME_MS:
            return None
    except (TypeError, ValueError):
        return None
    name, told = claimed.text(request, MAX_TEXT), claimed.text(message, MAX_MESSAGE)
    return Outcome(name, str(state), told, ended_ms)
