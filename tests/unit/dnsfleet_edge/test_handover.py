"""What edges of one Pop know of each other, and when one names its own sockets to the kernel."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from dnsfleet_edge.handover import Handover, Hello, Other
from support.waiting import wait_for

LIMIT = 10.0
ADDRESSES = [("192.0.2.1", 53)]


class Edges:
    """Edges of one Pop; each notes how often it named its own sockets."""

    def __init__(self, closing: ExitStack) -> None:
        self._pop = f"test-{os.getpid()}"
        self._closing = closing
        self.steered: list[int] = []

    def start(self, sockets: int, met: Hello | None) -> Handover:
        """One more that answers, after it met this one."""
        number = len(self.steered)
        self.steered.append(0)

        def steer() -> None:
            self.steered[number] += 1

        made = Handover(self._pop, steer)
        self._closing.callback(made.stop)
        assert made.turn() == met
        made.serving(ADDRESSES, sockets)
        return made


@pytest.fixture(name="edges")
def _edges() -> Iterator[Edges]:
    with ExitStack() as closing:
        yield Edges(closing)


def test_an_edge_names_its_own_sockets_before_another_joins_and_after_that_has_gone(
    edges: Edges,
) -> None:
    old = edges.start(1, None)
    assert old.other is None
    new = edges.start(3, Hello(ADDRESSES, 1))
    assert edges.steered == [1, 0], "who joins gets nothing before the old one hands over"
    wait_for("it is followed", lambda: old.other == Other("next", 3), LIMIT)
    assert new.other == Other("previous", 1)
    new.stop()
    wait_for("it is alone", lambda: old.other is None, LIMIT)
    wait_for("it has all again", lambda: edges.steered == [2, 0], LIMIT)


def test_an_edge_takes_all_when_the_one_before_it_has_gone(edges: Edges) -> None:
    old = edges.start(2, None)
    new = edges.start(2, Hello(ADDRESSES, 2))
    wait_for("it is followed", lambda: old.other is not None, LIMIT)
    old.stop()
    wait_for("it is alone", lambda: new.other is None, LIMIT)
    wait_for("it has all", lambda: edges.steered == [1, 1], LIMIT)


def test_another_edge_with_as_many_sockets_is_another_one(edges: Edges) -> None:
    old = edges.start(2, None)
    new = edges.start(2, Hello(ADDRESSES, 2))
    wait_for("it is followed", lambda: old.other is not None, LIMIT)
    first = old.other
    new.stop()
    wait_for("it is alone", lambda: old.other is None, LIMIT)
    edges.start(2, Hello(ADDRESSES, 2))
    wait_for("it is followed again", lambda: old.other is not None, LIMIT)
    assert old.other == first
    assert old.other is not first
