"""Edges are silent only where they could have been heard."""

from dnsfleet.replication.edge_words import SILENT_MS
from dnsfleet_operator.statuses.hearing import Hearing

SECONDS = SILENT_MS / 1000


def test_nothing_is_known_while_the_core_is_away() -> None:
    hearing = Hearing()
    assert not hearing.knows(silent=False, now=0.0)
    hearing.look(True, 0.0)
    hearing.look(False, 100.0)
    assert not hearing.knows(silent=False, now=100.0)
    assert not hearing.knows(silent=True, now=100.0)


def test_edges_have_their_time_to_be_heard_again() -> None:
    hearing = Hearing()
    hearing.look(False, 0.0)
    hearing.look(True, 10.0)
    assert hearing.knows(silent=False, now=10.0)
    hearing.look(True, 12.0)
    assert not hearing.knows(silent=True, now=9.9 + SECONDS)
    assert hearing.knows(silent=True, now=10.0 + SECONDS)
