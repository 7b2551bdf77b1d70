"""How gates are read: real pages over HTTP, and what is no page."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from dnsfleet.secondaries import pages
from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.secondaries.pages import MAX_OCTETS, MAX_ROWS
from dnsfleet.tsig_keys import Target
from dnsfleet_gate.secondaries.rows import Rows
from dnsfleet_io.pages import Page
from dnsfleet_operator.gates import page_reads
from dnsfleet_operator.gates.page_reads import MAX_PAGES, GateReader, PageReads
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


def drip(connection: socket.socket) -> None:
    """A header without an end, an octet at a time."""
    connection.sendall(b"HTTP/1.0 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.01)


def go_on(connection: socket.socket) -> None:
    """Replies that are none, without an end."""
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


@contextmanager
def hostile(send: Callable[[socket.socket], None]) -> Iterator[int]:
    """A gate that sends this for as long as somebody listens; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.settimeout(SECONDS)
                with suppress(OSError):
                    send(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("send", [drip, go_on])
def test_a_reply_without_an_end_is_given_up(
    send: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_reads, "READ_SECONDS", 0.5)
    with hostile(send) as port:
        reads = PageReads()
        try:
            reads.begin({"hostile": f"127.0.0.1:{port}"})
            wait_for("an end", lambda: not list(reads.take()) and reads.all_tried, SECONDS / 2)
        finally:
            reads.close()


def test_a_gate_that_always_has_more_fills_no_memory() -> None:
    sent: list[str] = []

    def more(query: str) -> Page:
        sent.append(query)
        made = pages.Page(instance="i", position=len(sent), more=True, rows=[])
        return Page(200, "application/json", made.model_dump_json().encode())

    with serving(more) as port:
        reader = GateReader(f"127.0.0.1:{port}")
        assert len(reader.read()) == MAX_PAGES == len(sent)
        reader.read()
        assert f"after={MAX_PAGES}" in sent[MAX_PAGES]


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
