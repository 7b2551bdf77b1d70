"""How gates are read: real pages over HTTP, and what is no page."""

import time

import pytest
from dnsfleet.secondaries import pages
from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.secondaries.pages import MAX_OCTETS, MAX_ROWS
from dnsfleet.tsig_keys import Target
from dnsfleet_gate.secondaries.rows import Rows
from dnsfleet_io.pages import Page
from dnsfleet_operator.gates.page_reads import GateReader, PageReads
from support.ports import free_port
from support.secondary_rows import page, serving
from support.waiting import wait_for

SECONDS = 20.0


def pair(number: int) -> Pair:
    return Pair(f"{number}.example.", Target("192.0.2.1", 53))


class Gate:
    def __init__(self) -> None:
        self.rows = Rows("i")
        self.sent: list[int] = []

    def page(self, query: str) -> Page:
        made = page(self.rows, query)
        self.sent.append(len(pages.decode(made.body).rows))
        return made


def test_each_row_is_read_once() -> None:
    gate = Gate()
    for number in range(MAX_ROWS + 1):
        gate.rows.put(pair(number), Answer("serial", 1))
    with serving(gate.page) as port:
        reader = GateReader(f"127.0.0.1:{port}")
        found = [found for page in reader.read() for found in page.answers]
        assert found == [pair(number) for number in range(MAX_ROWS + 1)]
        assert reader.read()[0].rows == []
        gate.rows.put(pair(7), Answer("serial", 2))
        (page,) = reader.read()
        assert page.answers == {pair(7): Answer("serial", 2)}
        gate.rows = Rows("another")
        gate.rows.put(pair(1), Answer("serial", 1))
        assert reader.read()[0].answers == {pair(1): Answer("serial", 1)}
        assert gate.sent == [MAX_ROWS, 1, 0, 1, 1]


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (Page(200, "text/plain", b"no JSON"), "validation error"),
        (Page(200, "text/plain", b" " * (MAX_OCTETS + 1)), "too large"),
        (Page(404, "text/plain", b"not found\n"), "404"),
        (Page(302, "text/plain", b""), "302"),
    ],
)
def test_what_is_no_page_is_nothing(made: Page, problem: str) -> None:
    with serving(lambda _: made) as port:
        reader = GateReader(f"127.0.0.1:{port}")
        assert reader.read() == []
        assert problem in reader.problem


def test_gates_that_are_away_or_slow_hold_up_nobody() -> None:
    gate = Gate()
    gate.rows.put(pair(1), Answer("serial", 1))
    away = f"127.0.0.1:{free_port()}"

    def slow(query: str) -> Page:
        time.sleep(1)
        return gate.page(query)

    reads = PageReads()
    try:
        with serving(gate.page) as port, serving(slow) as slow_port:
            address, slow_address = f"127.0.0.1:{port}", f"127.0.0.1:{slow_port}"
            assert list(reads.take()) == [] and reads.all_tried
            reads.begin({"here": address, "away": away, "slow": slow_address})
            assert not reads.all_tried
            found: dict[str, int] = {}

            def all_read() -> bool:
                found.update((name, len(page.rows)) for name, page in reads.take())
                return reads.all_tried

            wait_for("the one that is here", lambda: all_read() or "here" in found, SECONDS)
            assert "slow" not in found
            wait_for("all", all_read, SECONDS)
            assert found == {"here": 1, "slow": 1}
            reads.begin({"here": address})
            wait_for("again", lambda: [page.rows for _, page in reads.take()] == [[]], SECONDS)
            reads.again()
            reads.begin({"here": address})
            wait_for("all rows", lambda: [len(p.rows) for _, p in reads.take()] == [1], SECONDS)
    finally:
        reads.close()
