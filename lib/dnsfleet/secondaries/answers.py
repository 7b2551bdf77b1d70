"""What a secondary says when a gate asks it for the SOA of a zone, and what several gates heard.

A gate tells facts only: the serial that came, or why none did. How the secondary stands by that is
for whoever knows what is published (see `standings`). A gate asks again and again, so what it tells
is about a minute old at most.

Gates ask at different times and from different places. The newest serial counts: a secondary that
showed it to one gate has it, whatever another gate heard before. Where none came, an error tells
more than silence does.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from dnsfleet.tsig_keys import Target
from dnsfleet.zones import serials

MAX_PROBLEM = 200
"""Characters of a text that says what is wrong."""

Kind = Literal["serial", "error", "silence", "unknown"]
"""`serial`: an authoritative answer with the SOA. `error`: another answer. `silence`: none.
`unknown`: none, and it never answered a query for any zone; it may be there for NOTIFY only."""

_ORDER: tuple[Kind, ...] = ("serial", "error", "silence", "unknown")
"""What tells most, first."""


class Answer(NamedTuple):
    """Of one secondary about one zone."""

    kind: Kind
    serial: int = 0
    """Of an answer with the SOA."""
    problem: str = ""
    """For people, of any other."""


class Pair(NamedTuple):
    """A zone and one of its secondaries."""

    origin: str
    """Absolute, in lower case."""
    target: Target


UNASKED = Answer("unknown", problem="no gate has asked it yet")


def best(answers: Iterable[Answer]) -> Answer:
    """The one of several gates' that counts; `UNASKED` for none."""
    found = UNASKED
    for each in answers:
        if found is UNASKED or _tells_more(each, found):
            found = each
    return found


def _tells_more(one: Answer, other: Answer) -> bool:
    if one.kind == other.kind == "serial":
        return serials.compare(one.serial, other.serial) == 1
    ranks = _ORDER.index(one.kind), _ORDER.index(other.kind)
    return ranks[0] < ranks[1] or (ranks[0] == ranks[1] and one.problem < other.problem)
