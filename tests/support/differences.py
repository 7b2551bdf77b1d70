"""Why two correct servers may answer one query differently: rules, each with its reason."""

from collections.abc import Callable
from typing import NamedTuple

from support.wire import OPT, Record, Reply

# Owner as a pointer, type, class, TTL, length: what a record needs besides its rdata.
LEAST_RECORD = 12
ANY = 255


class Difference(NamedTuple):
    """Two replies that differ, and what both servers say when size is no matter, over TCP."""

    qtype: int
    room: int
    """Octets that our reply leaves of what the client allows."""
    ours: Reply
    theirs: Reply
    ours_over_tcp: Reply
    theirs_over_tcp: Reply


class Rule(NamedTuple):
    """A reason that explains a difference where `applies` holds."""

    reason: str
    section: str
    applies: Callable[[Difference], bool]


def _glue_that_fits(difference: Difference) -> bool:
    """Over TCP both say the same; over UDP each address that we leave out has no room."""
    ours, theirs, whole = difference.ours, difference.theirs, difference.ours_over_tcp
    left_out = _sizes(whole.additional - ours.additional)
    return (
        whole == difference.theirs_over_tcp
        and ours._replace(additional=theirs.additional) == theirs
        and ours.additional <= whole.additional
        and all(size > difference.room for size in left_out)
    )


def _one_of_any(difference: Difference) -> bool:
    """Both answer with records of the name, and we with all of them over TCP."""
    ours, theirs, whole = difference.ours, difference.theirs, difference.ours_over_tcp
    return (
        difference.qtype == ANY
        and ours.flags == theirs.flags
        and ours.authority == theirs.authority == frozenset()
        and frozenset() < ours.answer <= whole.answer
        and frozenset() < theirs.answer <= whole.answer
    )


RULES = [
    Rule(
        "names compress differently, so other optional glue fits into a datagram",
        "RFC 9471 section 3.2, RFC 2181 section 9",
        _glue_that_fits,
    ),
    Rule(
        "ANY is answered by one RRset of the server's choice, by us over TCP by all",
        "RFC 8482 section 4.1",
        _one_of_any,
    ),
]


def explain(difference: Difference) -> Rule | None:
    """The first rule that explains a difference; None where it is a fault of one server."""
    return next((rule for rule in RULES if rule.applies(difference)), None)


def _sizes(records: frozenset[Record]) -> list[int]:
    """The least size in octets of each RRset."""
    sizes: dict[tuple[bytes, int], int] = {}
    for record in records:
        if record.rtype != OPT:
            key = record.owner, record.rtype
            sizes[key] = sizes.get(key, 0) + LEAST_RECORD + len(record.rdata)
    return list(sizes.values())
