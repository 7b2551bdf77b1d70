"""What counts as the word of an edge."""

from dnsfleet.replication.acks import Ack
from dnsfleet_operator.observed import edge_pods
from dnsfleet_operator.observed.edge_pods import CLOCK_STEP_MS, EdgePod


def test_what_an_earlier_process_of_an_edge_said_is_not_its_word() -> None:
    """It may have taken over, and told, what the one that runs begins without."""
    started = 10 * CLOCK_STEP_MS
    edges = [EdgePod("fra", name, True, started) for name in ("a", "b", "c", "d")]
    said = {
        "fra/a": Ack(1, {}, 0, started_ms=started + 5),
        "fra/b": Ack(1, {}, 0, started_ms=started - CLOCK_STEP_MS),
        "fra/c": Ack(1, {}, 0, started_ms=started - CLOCK_STEP_MS - 1),
        "ams/a": Ack(1, {}, 0, started_ms=started),
    }
    words = edge_pods.newest_words(edges, said)
    assert words == {
        "fra/a": said["fra/a"],
        "fra/b": said["fra/b"],
        "fra/c": None,
        "fra/d": None,
    }
