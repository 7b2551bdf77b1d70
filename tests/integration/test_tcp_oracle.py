"""What the TCP oracle says of a server that fails it: at which step, and when the query began."""

import re
import socket

from support.tcp_oracle import Asked, TcpOracle
from support.waiting import wait_for

LIMIT = 20.0
BEGAN = r"query \d+ at \d\d:\d\d:\d\d\.\d{6} UTC: "


def verdicts_on(server: tuple[str, int]) -> dict[Asked, list[str]]:
    """What is noted once a query was lost of each kind."""
    with TcpOracle([server], "probe.example.", 50, 0) as oracle:
        verdicts = oracle.verdicts
        wait_for("some are lost", lambda: all(v.lost for v in verdicts.values()), LIMIT)
    assert len(oracle.faults) == len(verdicts)
    assert all(verdict.repeats == [] for verdict in verdicts.values()), "none was answered"
    return {asked: verdict.notes for asked, verdict in verdicts.items()}


def test_a_connection_that_is_refused_is_told_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        server = closed.getsockname()
    step = r"connect failed after 0\.\d\d s: ConnectionRefusedError\(.*\)"
    for notes in verdicts_on(server).values():
        assert re.fullmatch(f"{BEGAN}{step}, then {step}", notes[0])


def test_a_reply_that_does_not_come_is_told_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:
        step = r"reply failed after 1\.\d\d s: Timeout\(.*\)"
        for notes in verdicts_on(silent.getsockname()).values():
            assert re.fullmatch(f"{BEGAN}{step}, then {step}", notes[0])
