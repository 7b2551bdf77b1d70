"""Batches of places in four servers, and the queries about them."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from dnsfleet.zones import master_files
from dnsfleet_engine import Engine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from support import comparisons, exchanges, nameservers
from support.comparisons import Address, Fault, Query
from support.names import to_text, to_wire

from differential.queries import queries
from differential.zones import Place, places

# Many places in a batch, because three servers take half a second to start; and so few queries
# that the number of a query can be its message ID.
PLACES = 150
QUERIES_A_PLACE = 200
# One query in this many goes over TCP.
TCP_EVERY = 10

Alter = Callable[[str], str]
"""Changes our copy of a master file, so that a test can see that differences are found."""


class Found(NamedTuple):
    """A difference that no rule explains, and the place that it is about."""

    place: Place
    fault: Fault


def run(total: int, seed: int, counts: Counter[str]) -> Iterator[tuple[int, list[Found]]]:
    """Ask `total` queries, batch by batch; the number asked so far, and what the batch found."""
    asked = 0
    while asked < total:
        batch = draw(seed, min(PLACES, -(-(total - asked) // QUERIES_A_PLACE)))
        found = run_batch(batch, seed, counts)
        asked += len(batch) * QUERIES_A_PLACE
        yield asked, found
        seed += 1


def draw(seed: int, count: int) -> list[Place]:
    """Places from hypothesis; equal for equal seeds."""
    drawn: list[Place] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(places())
    def add(place: Place) -> None:
        drawn.append(place)

    while len(drawn) < count:
        add()
    return drawn[:count]


def run_batch(
    batch: Sequence[Place], seed: int, counts: Counter[str], alter: Alter = str
) -> list[Found]:
    """Serve the places and compare the replies to random queries about each."""
    asked = [
        query
        for number, place in enumerate(batch)
        for query in queries(place, label(number), QUERIES_A_PLACE, seed + number)
    ]
    over_udp = [query for number, query in enumerate(asked) if number % TCP_EVERY]
    over_tcp = asked[::TCP_EVERY]
    with serving(batch, alter) as (ours, others):
        faults = comparisons.compare(over_udp, ours, others, exchanges.over_udp, counts)
        faults += comparisons.compare(over_tcp, ours, others, exchanges.over_tcp, counts)
    return [Found(batch[number_of(fault.query)], fault) for fault in faults]


def label(number: int) -> bytes:
    """The last label of all names of a place."""
    return b"z%d" % number


def number_of(query: Query) -> int:
    """The place that a query is about: its name ends in the label of the place."""
    return int(query.qname[:-1].lower().rpartition(b"z")[2])


def moved(query: Query, number: int) -> Query:
    """The same query about another place."""
    last = to_wire((label(number_of(query)),))
    return query._replace(qname=query.qname[: -len(last)] + to_wire((label(number),)))


@contextmanager
def serving(
    batch: Sequence[Place], alter: Alter = str
) -> Iterator[tuple[Address, Mapping[str, Address]]]:
    """The engine and all other servers with the zones of a batch."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = {}
        engine = Engine()
        for number, place in enumerate(batch):
            for index, zone in enumerate(place):
                origin = to_text((*zone.origin, label(number)))
                files[origin] = folder / f"{number}-{index}.zone"
                files[origin].write_text(zone.to_text(label(number)))
                if zone.signing:
                    zone.signing.sign(origin, files[origin])
                text = files[origin].read_text()
                loaded, found = master_files.read(alter(text).encode(), "ours", origin)
                assert loaded is not None, (found, text)
                engine.load(loaded)
        others = stack.enter_context(nameservers.all_serving(files, folder))
        ours = engine.start([("127.0.0.1", 0)], 1)[0]
        stack.callback(engine.stop)
        yield ours, others
