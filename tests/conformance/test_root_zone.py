"""The public root zone, served by the engine and by Knot DNS: the same answers to the same queries.

Both servers get 50,000 random queries over real sockets. Response code, flags, question, answer,
authority, additional and OPT must be equal, sections as sets of records with their TTLs, names in
any letter case, except where a rule in `support.differences` says why not.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import dns.message
from dnsfleet import zones
from dnsfleet_engine import Engine
from support import data, differences, exchanges, knot, wire
from support.differences import Difference
from support.wire import Edns

SEED = 20180312
QUERIES = 50_000
# One of so many goes over TCP.
TCP_EVERY = 5
# The share of names whose letters get a random case.
MIXED_CASE = 0.3
# How many differences that no rule explains are printed.
SHOWN = 5
SHARDS = 2

A, NS, SOA, TXT, DS, ANY = 1, 2, 6, 16, 43, 255
# Asked for anywhere: common types, types that are special to a server, and one that is unknown.
TYPES = [A, NS, 5, SOA, 12, 15, TXT, 28, 33, 39, DS, 46, 47, 48, 65280]
EDNS = [
    None,
    Edns(0, False),
    Edns(512, False),
    Edns(800, True),
    Edns(1232, True),
    Edns(4096, False),
]
# RFC 1035 section 4.2.1 and what both servers allow over UDP.
LEAST_LIMIT, MOST_LIMIT = 512, 1232

Address = tuple[str, int]
Exchange = Callable[[Address, Sequence[bytes]], list[bytes]]


class Query(NamedTuple):
    qname: str
    qtype: int
    edns: Edns | None

    def limit(self) -> int:
        """The largest UDP reply in octets that the client and both servers allow."""
        payload = self.edns.payload if self.edns else 0
        return min(max(payload, LEAST_LIMIT), MOST_LIMIT)


class Asked(NamedTuple):
    query: Query
    octets: bytes
    ours: bytes
    theirs: bytes


def test_same_answers_as_knot(tmp_path: Path) -> None:
    file = data.folder() / "zones" / "root.zone"
    queries = list(_queries(file.read_text(), random.Random(SEED)))
    over_udp = [query for index, query in enumerate(queries) if index % TCP_EVERY]
    counts: Counter[str] = Counter()
    with _engine(file) as ours, knot.serving({".": file}, tmp_path) as port:
        both = ours, ("127.0.0.1", port)
        faults = _compare(over_udp, both, exchanges.over_udp, counts)
        faults += _compare(queries[::TCP_EVERY], both, exchanges.over_tcp, counts)
    print(f"\nroot zone: {len(queries)} queries, seed {SEED}")
    print(*(f"{count:7} {what}" for what, count in counts.most_common()), sep="\n")
    for fault in faults[:SHOWN]:
        print(*(dns.message.from_wire(octets) for octets in fault[1:]), sep="\n--- and\n")
    assert counts.total() == QUERIES
    assert not faults


def _compare(
    queries: list[Query], both: tuple[Address, Address], exchange: Exchange, counts: Counter[str]
) -> list[Asked]:
    """Ask both servers, count what was equal and why not, and return what no rule explains."""
    different = []
    for asked in _ask(queries, both, exchange):
        if asked.ours == asked.theirs:
            counts["equal octets"] += 1
        elif wire.read(asked.ours) == wire.read(asked.theirs):
            counts["equal records"] += 1
        else:
            different.append(asked)
    unexplained = []
    again = _ask([asked.query for asked in different], both, exchanges.over_tcp)
    for asked, complete in zip(different, again, strict=True):
        rule = differences.explain(
            Difference(
                asked.query.qtype,
                room=asked.query.limit() - len(asked.ours),
                ours=wire.read(asked.ours),
                theirs=wire.read(asked.theirs),
                ours_over_tcp=wire.read(complete.ours),
                theirs_over_tcp=wire.read(complete.theirs),
            )
        )
        counts[f"{rule.reason} ({rule.section})" if rule else "not explained"] += 1
        if not rule:
            unexplained.append(asked)
    return unexplained


def _ask(
    queries: list[Query], both: tuple[Address, Address], exchange: Exchange
) -> Iterator[Asked]:
    octets = [wire.query(ident & 0xFFFF, *query) for ident, query in enumerate(queries)]
    ours, theirs = (exchange(address, octets) for address in both)
    return map(Asked, queries, octets, ours, theirs)


@contextmanager
def _engine(file: Path) -> Iterator[Address]:
    """The engine with the zone, on a port of its own."""
    zone, found = zones.from_file(file.read_bytes(), file.name, ".")
    assert zone is not None, found
    engine = Engine()
    engine.load(zone)
    try:
        yield engine.start([("127.0.0.1", 0)], SHARDS)[0]
    finally:
        engine.stop()


def _queries(text: str, choice: random.Random) -> Iterator[Query]:
    """Existing and absent names at, above and below zone cuts, in mixed letter case."""
    records = [line.split(maxsplit=4) for line in text.splitlines() if line.strip()]
    owners = sorted({record[0] for record in records})
    cuts = sorted({record[0] for record in records if record[3] == "NS"} - {"."})
    hosts = sorted({record[0] for record in records if record[3] in ("A", "AAAA")})

    def word() -> str:
        return "".join(
            choice.choices("abcdefghijklmnopqrstuvwxyz0123456789-", k=choice.randint(1, 20))
        )

    kinds: list[Callable[[], tuple[str, int]]] = [
        lambda: (choice.choice(owners), choice.choice(TYPES)),
        lambda: (choice.choice(cuts), choice.choice([NS, DS, SOA, A, TXT, ANY])),
        lambda: (f"{word()}.{choice.choice(cuts)}", choice.choice(TYPES)),
        lambda: (f"{word()}.{choice.choice(hosts)}", choice.choice(TYPES)),
        lambda: (choice.choice(hosts), choice.choice([A, 28, DS, NS, ANY])),
        lambda: (f"{word()}.", choice.choice(TYPES)),
        lambda: (f"{word()}.{word()}.", choice.choice(TYPES)),
        lambda: (".", choice.choice([*TYPES, ANY])),
    ]
    for _ in range(QUERIES):
        qname, qtype = choice.choice(kinds)()
        if choice.random() < MIXED_CASE:
            qname = "".join(choice.choice((letter.lower(), letter.upper())) for letter in qname)
        yield Query(qname, qtype, choice.choice(EDNS))
