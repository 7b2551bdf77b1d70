"""The public root zone, served by the engine, Knot DNS, NSD and BIND: the same answers.

All servers get the same 50,000 random queries over real sockets. Response code, flags, question,
answer, authority, additional and OPT must be equal, sections as sets of records with their TTLs,
names in any letter case, except where a rule in `support.differences` explains a difference.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dnsfleet.zones import master_files
from dnsfleet_engine import Engine
from support import comparisons, data, exchanges, nameservers
from support.comparisons import Address, Query
from support.names import to_wire
from support.wire import Edns

SEED = 20180312
QUERIES = 50_000
# One query in this many goes over TCP.
TCP_EVERY = 5
# The share of names whose letters get a random case.
MIXED_CASE = 0.3
# How many differences that no rule explains are printed.
SHOWN = 5
SHARDS = 2

A, NS, SOA, TXT, DS, ANY = 1, 2, 6, 16, 43, 255
# Asked for at every name: common types, types that servers treat specially, an unknown one.
TYPES = [A, NS, 5, SOA, 12, 15, TXT, 28, 33, 39, DS, 46, 47, 48, 65280]
EDNS = [
    None,
    Edns(0, False),
    Edns(512, False),
    Edns(800, True),
    Edns(1232, True),
    Edns(4096, False),
]


@pytest.mark.timeout(300)
def test_same_answers_as_other_servers(tmp_path: Path) -> None:
    text = (data.folder() / "zones" / "root.zone").read_text()
    file = tmp_path / "root.zone"
    # The last line repeats the SOA, which NSD refuses.
    file.write_text("".join(dict.fromkeys(text.splitlines(keepends=True))))
    queries = list(_queries(text, random.Random(SEED)))
    over_udp = [query for index, query in enumerate(queries) if index % TCP_EVERY]
    counts: Counter[str] = Counter()
    with (
        _engine(file) as ours,
        nameservers.all_serving({".": file}, tmp_path) as others,
    ):
        faults = comparisons.compare(over_udp, ours, others, exchanges.over_udp, counts)
        over_tcp = queries[::TCP_EVERY]
        faults += comparisons.compare(over_tcp, ours, others, exchanges.over_tcp, counts)
    print(f"\nroot zone: {len(queries)} queries, seed {SEED}")
    print(*(f"{count:7} {what}" for what, count in counts.most_common()), sep="\n")
    print(*faults[:SHOWN], sep="\n")
    assert counts.total() >= QUERIES
    assert not faults


@contextmanager
def _engine(file: Path) -> Iterator[Address]:
    """The engine with the zone, on a port of its own."""
    zone, found = master_files.read(file.read_bytes(), file.name, ".")
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
        labels = tuple(label.encode() for label in qname.split(".") if label)
        yield Query(to_wire(labels), qtype, choice.choice(EDNS))
