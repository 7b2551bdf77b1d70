"""What strangers can do who reach the port of the core and show no certificate."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet_io import handshakes
from support import tunnels
from support.tunnels import SECONDS, End, asked
from support.valkey import Valkey
from support.waiting import wait_for

AUTHORITY = tunnels.authority()


@pytest.fixture
def near(tmp_path: Path) -> Iterator[End]:
    """The end at a core."""
    core = Valkey(tmp_path / "core")
    core.start()
    folder = tunnels.write(tmp_path / "server", tunnels.server(AUTHORITY), AUTHORITY)
    with End(folder, core.port) as end:
        yield end
    core.kill()


def test_strangers_who_say_nothing_keep_nobody_out_for_long(near: End, tmp_path: Path) -> None:
    good = tunnels.write(tmp_path / "good", tunnels.client(AUTHORITY), AUTHORITY)
    silent = [
        socket.create_connection(("127.0.0.1", near.port), source_address=(f"127.0.{site}.1", 0))
        for site in range(1, 1 + handshakes.HANDSHAKES // handshakes.HANDSHAKES_OF_ONE)
        for _ in range(handshakes.HANDSHAKES_OF_ONE)
    ]
    try:
        assert asked(near.port, good, good) == b"+PONG\r\n"
    finally:
        for connection in silent:
            connection.close()


def test_one_stranger_has_only_some_places_for_handshakes(near: End, tmp_path: Path) -> None:
    """Its next connections are closed at once, and those of others are taken."""
    good = tunnels.write(tmp_path / "good", tunnels.client(AUTHORITY), AUTHORITY)
    refused = ("dnsfleet_tunnel_failures_total", {"reason": "source"})
    silent: list[socket.socket] = []

    def one_more() -> bool:
        stranger = (f"127.0.1.{len(silent) % 200 + 1}", 0)
        silent.append(socket.create_connection(("127.0.0.1", near.port), source_address=stranger))
        return near.metric(refused[0], **refused[1]) > 0

    try:
        wait_for("a refusal", one_more, SECONDS)
        assert asked(near.port, good, good) == b"+PONG\r\n"
        wait_for("an end", lambda: near.metric("dnsfleet_tunnel_handshakes") == 0, SECONDS)
        assert near.metric("dnsfleet_tunnel_failures_total", reason="handshake") > 0
    finally:
        for connection in silent:
            connection.close()
