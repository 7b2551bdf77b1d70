"""What the rules look at: two replies to one query, as it was asked and over TCP."""

from collections.abc import Callable
from typing import NamedTuple

from support.wire import Record, Reply

A, NS, AAAA, DS, NSEC, NSEC3 = 1, 2, 28, 43, 47, 50
# A rule about one server applies only where another server answers as we do.
CONFIRMED = 1


class Pair(NamedTuple):
    """Two replies to one query, and how many octets each has on the wire."""

    ours: Reply
    theirs: Reply
    our_size: int
    their_size: int

    def settled(self) -> "Pair":
        """The pair without a difference."""
        return self._replace(theirs=self.ours)

    @property
    def is_equal(self) -> bool:
        return self.ours == self.theirs


class Difference(NamedTuple):
    """Two replies that differ."""

    server: str
    qtype: int
    limit: int
    """Octets that client and servers allow for a datagram."""
    nested: bool
    """Whether the zone or one below it may be the one that answers."""
    asked: Pair
    whole: Pair
    """The two replies over TCP."""
    agreeing: int = 0
    """How many other servers answer as we do, or with a difference that is explained."""

    @property
    def is_equal(self) -> bool:
        return self.asked.is_equal and self.whole.is_equal

    def each(self, settle: Callable[[Pair], Pair]) -> "Difference":
        """The same change made to both pairs."""
        return self._replace(asked=settle(self.asked), whole=settle(self.whole))


class Rule(NamedTuple):
    """A reason for differences: `settle` removes what it explains."""

    reason: str
    section: str
    settle: Callable[[Difference], Difference]


def more_addresses(more: Reply, other: Reply, naming: frozenset[Record]) -> frozenset[Record]:
    """The address RRsets that only one reply adds, for hosts that records of it name.

    Their signatures belong to them.
    """
    known = {(record.owner, record.covered) for record in other.additional}
    return frozenset(
        record
        for record in more.additional
        if record.covered in (A, AAAA)
        and (record.owner, record.covered) not in known
        and any(naming_one.rdata.endswith(record.owner) for naming_one in naming)
    )


def only(records: frozenset[Record], rtype: int) -> bool:
    """Whether there are records, all of one type and owner, or signatures of that type."""
    types = {record.covered for record in records}
    return len({record.owner for record in records}) == 1 and types == {rtype}


def cut(reply: Reply) -> bytes | None:
    """The owner of the NS records of a referral, which may have DS or a proof beside them."""
    servers = frozenset(record for record in reply.authority if record.covered == NS)
    others = {record.covered for record in reply.authority - servers}
    return owner(servers) if only(servers, NS) and others <= {DS, NSEC, NSEC3} else None


def owner(records: frozenset[Record]) -> bytes:
    return next(iter(records)).owner
