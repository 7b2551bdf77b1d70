"""The same queries to the engine and to independent servers, and what their replies have in common.

Replies with equal octets are equal; others are parsed and compared as sets of records. Where these
differ too, rules of `support.differences` have to explain why. Some rules need what both servers
answer without a limit of size, so such queries are asked again over TCP.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import dns.message

from support import differences, exchanges, wire
from support.differences import Difference, Pair, Rule
from support.wire import RECURSION_DESIRED, Edns

# RFC 1035 section 4.2.1, and what all servers are told to allow over UDP.
LEAST_LIMIT, MOST_LIMIT = 512, 1232

Address = tuple[str, int]
Exchange = Callable[[Address, Sequence[bytes]], list[bytes]]


class Query(NamedTuple):
    """What is asked; the name in wire form."""

    qname: bytes
    qtype: int
    edns: Edns | None
    flags: int = RECURSION_DESIRED
    nested: bool = False
    """Whether it is about two zones, one below a cut of the other."""

    def to_wire(self, ident: int) -> bytes:
        """As a message."""
        return wire.query(ident & 0xFFFF, self.qname, self.qtype, self.edns, self.flags)

    def limit(self) -> int:
        """The largest UDP reply in octets that the client and all servers allow."""
        payload = self.edns.payload if self.edns else 0
        return min(max(payload, LEAST_LIMIT), MOST_LIMIT)


class Fault(NamedTuple):
    """Two replies whose difference no rule explains."""

    query: Query
    server: str
    ours: bytes
    theirs: bytes
    ours_over_tcp: bytes
    theirs_over_tcp: bytes

    def difference(self, agreeing: int = 0) -> Difference:
        """What the rules look at."""
        return _difference(
            self.query,
            self.server,
            asked=_pair(self.ours, self.theirs),
            whole=_pair(self.ours_over_tcp, self.theirs_over_tcp),
            agreeing=agreeing,
        )

    def __str__(self) -> str:
        replies = {
            "ours": self.ours,
            self.server: self.theirs,
            "ours over TCP": self.ours_over_tcp,
            f"{self.server} over TCP": self.theirs_over_tcp,
        }
        return "\n".join(describe(who, octets) for who, octets in replies.items())


def describe(who: str, octets: bytes) -> str:
    """A reply for people."""
    return f"--- {who}, {len(octets)} octets\n{dns.message.from_wire(octets)}"


def compare(
    queries: Sequence[Query],
    ours: Address,
    others: Mapping[str, Address],
    exchange: Exchange,
    counts: Counter[str],
) -> list[Fault]:
    """Ask all servers; count what is equal or explained, and return what no rule explains."""
    octets = [query.to_wire(ident) for ident, query in enumerate(queries)]
    own = exchange(ours, octets)
    different: dict[str, dict[int, bytes]] = {}
    for server, address in others.items():
        different[server] = {}
        for number, theirs in enumerate(exchange(address, octets)):
            if own[number] == theirs:
                counts["equal octets"] += 1
                continue
            pair = _pair(own[number], theirs)
            if pair.is_equal:
                counts["equal records"] += 1
                continue
            rules = differences.explain(_difference(queries[number], server, pair, pair))
            _count(rules, counts)
            if not rules:
                different[server][number] = theirs
    whole = _over_tcp(ours, octets, set().union(*different.values()))
    faults: dict[int, list[Fault]] = {}
    for server, replies in different.items():
        theirs_whole = _over_tcp(others[server], octets, replies)
        for number, theirs in replies.items():
            fault = Fault(
                queries[number],
                server,
                own[number],
                theirs,
                whole[number],
                theirs_whole[number],
            )
            faults.setdefault(number, []).append(fault)
    return [
        fault for found in faults.values() for fault in _unexplained(found, len(others), counts)
    ]


def _unexplained(faults: list[Fault], servers: int, counts: Counter[str]) -> list[Fault]:
    """Of the differences about one query, those that no rule explains.

    The second round knows how many servers agree with us, or differ only as rules explain.
    """
    explained = {fault.server: differences.explain(fault.difference()) for fault in faults}
    agreeing = servers - sum(not rules for rules in explained.values())
    left = []
    for fault in faults:
        rules = explained[fault.server] or differences.explain(fault.difference(agreeing))
        _count(rules, counts)
        if not rules:
            counts["not explained"] += 1
            left.append(fault)
    return left


def _difference(
    query: Query, server: str, asked: Pair, whole: Pair, agreeing: int = 0
) -> Difference:
    return Difference(server, query.qtype, query.limit(), query.nested, asked, whole, agreeing)


def _count(rules: list[Rule], counts: Counter[str]) -> None:
    counts.update(f"{rule.reason} ({rule.section})" for rule in rules)


def _pair(ours: bytes, theirs: bytes) -> Pair:
    return Pair(wire.read(ours), wire.read(theirs), len(ours), len(theirs))


def _over_tcp(
    address: Address, octets: Sequence[bytes], numbers: Collection[int]
) -> dict[int, bytes]:
    """The replies to some of the queries."""
    asked = sorted(numbers)
    replies = exchanges.over_tcp(address, [octets[number] for number in asked])
    return dict(zip(asked, replies, strict=True))
