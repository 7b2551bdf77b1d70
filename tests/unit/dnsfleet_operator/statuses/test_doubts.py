"""Edges that prove nothing are told after a while, and so are Pops whose replica differs."""

import pytest
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.edge_words import SILENT_MS
from dnsfleet_operator.observed.edge_pods import CLOCK_STEP_MS, EdgePod
from dnsfleet_operator.statuses.doubts import DOUBT_SECONDS, Doubts
from dnsfleet_operator.statuses.propagation import Fleet
from support.evidence import POSITIONS, known_positions, proved

LOG = known_positions()
GOOD = proved(5)
OTHER_SUM = GOOD._replace(total=4)
OLDER_VERSION = GOOD._replace(total=None)
SILENT = OTHER_SUM._replace(time_ms=-SILENT_MS - 1)


def fleet(**said: Ack) -> Fleet:
    """Pop fra with these edges, all Ready."""
    edges = tuple(EdgePod("fra", name, True) for name in said)
    acks = {f"fra/{name}": ack for name, ack in said.items()}
    return Fleet(("fra",), {"fra": edges}, acks, LOG, 0)


def test_an_edge_that_proves_nothing_is_told_after_a_while() -> None:
    doubts = Doubts()
    said = {"a": GOOD, "b": OTHER_SUM, "c": OLDER_VERSION, "d": SILENT}
    doubts.look(fleet(**said), ["fra"], 100.0)
    assert doubts.of("fra", 100.0 + DOUBT_SECONDS - 1) == ()
    doubts.look(fleet(**said), ["fra"], 100.0 + DOUBT_SECONDS)
    assert doubts.of("fra", 100.0 + DOUBT_SECONDS) == ("b", "c")
    assert doubts.of("iad", 100.0 + DOUBT_SECONDS) == ()


def test_a_proof_between_ends_a_doubt() -> None:
    doubts = Doubts()
    for now, ack in ((0.0, OTHER_SUM), (50.0, GOOD), (51.0, OTHER_SUM), (100.0, OTHER_SUM)):
        doubts.look(fleet(a=ack), ["fra"], now)
    assert doubts.of("fra", 100.0) == ()
    assert doubts.of("fra", 51.0 + DOUBT_SECONDS) == ("a",)


@pytest.mark.parametrize(
    ("said", "differs"),
    [
        ([OTHER_SUM], True),
        ([GOOD._replace(told=POSITIONS, total=POSITIONS)], True),  # nobody wrote so much
        ([OTHER_SUM, OTHER_SUM], True),
        ([OTHER_SUM, SILENT], True),
        ([OTHER_SUM, GOOD], False),
        ([OTHER_SUM, OLDER_VERSION], False),
        ([OTHER_SUM, OTHER_SUM._replace(started_ms=-CLOCK_STEP_MS - 1)], False),
        ([proved(3)], False),  # behind
        ([GOOD._replace(failing_count=1)], False),  # told the truth, and it does not say what fails
        ([SILENT], False),
        ([], False),
    ],
)
def test_a_replica_differs_where_all_its_edges_were_told_what_nobody_wrote(
    said: list[Ack], differs: bool
) -> None:
    found = fleet(**{f"e{number}": ack for number, ack in enumerate(said)})
    assert found.differs("fra") is differs


def test_a_replica_that_goes_on_differing_is_told_the_longest_first() -> None:
    doubts = Doubts()
    bad, good = fleet(a=OTHER_SUM), fleet(a=GOOD)
    doubts.look(bad, ["fra"], 100.0)
    assert doubts.differing(99.0 + DOUBT_SECONDS) == []
    assert doubts.differing(100.0 + DOUBT_SECONDS) == ["fra"]
    doubts.look(good, ["fra"], 130.0)
    doubts.look(bad, ["fra"], 131.0)
    assert doubts.differing(100.0 + DOUBT_SECONDS) == []
    assert doubts.differing(131.0 + DOUBT_SECONDS) == ["fra"]


def test_of_two_replicas_that_differ_the_longer_one_comes_first() -> None:
    doubts = Doubts()
    edges = {pop: (EdgePod(pop, "a", True),) for pop in ("ams", "fra")}

    def both(*bad: str) -> Fleet:
        acks = {f"{pop}/a": OTHER_SUM if pop in bad else GOOD for pop in edges}
        return Fleet(("ams", "fra"), edges, acks, LOG, 0)

    doubts.look(both("fra"), edges, 0.0)
    doubts.look(both("ams", "fra"), edges, 1.0)
    assert doubts.differing(1.0 + DOUBT_SECONDS) == ["fra", "ams"]
