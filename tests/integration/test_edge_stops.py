"""An edge that is told to stop in the middle of something else, and what it says at its end."""

from pathlib import Path

from support.edge_fleets import OLD, EdgeFleet

WRAPPED = """
import os, signal, sys, threading, time
from dnsfleet_edge import edge
from dnsfleet_engine import Engine

class Wrapped:
    def __init__(self, *given):
        self._engine = Engine(*given)

    def __getattr__(self, name):
        return getattr(self._engine, name)

edge.Engine = Wrapped
"""
TOLD_WHILE_IT_BINDS = """
def start(self, *given, **named):
    os.kill(os.getpid(), signal.SIGTERM)
    while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        time.sleep(0.001)
    time.sleep(0.2)  # the main thread goes on to what it does with the signal
    return self._engine.start(*given, **named)

Wrapped.start = start
"""
LOOKS_WHO_SAYS_WHAT_IT_ANSWERS = """
def stop(self):
    alive = [each.name for each in threading.enumerate() if each.name == "acks"]
    print(f"still says: {alive}", file=sys.stderr, flush=True)
    return self._engine.stop()

Wrapped.stop = stop
"""


def test_an_edge_that_binds_while_it_is_told_to_stop_drains(tmp_path: Path) -> None:
    fleet = EdgeFleet(tmp_path, drain_seconds=0.2)
    try:
        fleet.start()
        fleet.publish(OLD)
        fleet.store.complete()
        fleet.edge.before = WRAPPED + TOLD_WHILE_IT_BINDS
        fleet.edge.launch()
        assert fleet.edge.wait() == 0
        assert "event=leaving" in fleet.edge.log, "somebody may have been sent to it"
    finally:
        fleet.close()


def test_an_edge_says_nothing_of_what_it_has_once_it_does_not_answer(tmp_path: Path) -> None:
    fleet = EdgeFleet(tmp_path)
    try:
        fleet.edge.before = WRAPPED + LOOKS_WHO_SAYS_WHAT_IT_ANSWERS
        fleet.serving()
        assert fleet.edge.stop() == 0
        assert "still says: []" in fleet.edge.log
        assert "still says: ['acks']" not in fleet.edge.log
    finally:
        fleet.close()
