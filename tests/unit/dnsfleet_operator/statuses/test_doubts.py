"""Edges that prove nothing are told after a while."""

from dnsfleet.replication.acks import Ack
from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.statuses.doubts import DOUBT_SECONDS, Doubts
from dnsfleet_operator.statuses.propagation import SILENT_MS, Fleet
from support.evidence import known_positions, proved

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
