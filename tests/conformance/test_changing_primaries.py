"""A fleet follows a zone that changes all the time on Knot or BIND, which tell it by NOTIFY."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import nameservers, primaries, update_loads
from support.fleet import Fleet
from support.nameservers import Kind
from support.ports import free_port
from support.primaries import FILE, KEY, SECRET, ZONE
from support.secondaries import lines, serial, tsig_key
from support.up_runs import pops
from support.waiting import wait_for

FULL = os.environ.get("SECONDARIES") == "full"
HOSTS = 100_000 if FULL else 3000
"""In the zone file."""
ROUNDS, ROUND_SECONDS = (10, 30.0) if FULL else (2, 3.0)
"""Of changes; behind each of them the zones are compared."""
RATE = 50.0
"""Changes a second."""
CHANGING = [f"dyn{number}" for number in range(500)]
START_SECONDS = 60.0
EQUAL_SECONDS = 60.0
"""BIND waits for five seconds before each NOTIFY."""
DIG_KEY = f"hmac-sha256:{KEY}:{SECRET}"
APEX = """\
$TTL 300
@ SOA ns1.example.net. hostmaster 1 3600 2 1209600 300
@ NS ns1.example.net.
"""


class Following:
    """A fleet with a gate, and the primary of its zone."""

    def __init__(self, primary: int, gate: int) -> None:
        self.primary, self.gate = primary, gate
        self._sent = 0

    def change(self) -> None:
        """Have names get other addresses on the primary."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", self.primary))
            load = update_loads.run(
                client, tsig_key(KEY), ZONE, CHANGING, RATE, ROUND_SECONDS, self._sent
            )
        self._sent += load.sent
        assert load.codes == {"NOERROR": load.sent}

    def serials(self) -> set[int | None]:
        """That of the primary, and that of the fleet."""
        return {serial(port, tsig_key(KEY)) for port in (self.primary, self.gate)}


@pytest.fixture(
    name="fleet", params=[nameservers.KNOT, nameservers.BIND], ids=lambda kind: kind.program
)
def _fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Following]:
    kind: Kind = request.param
    server, files = tmp_path / "server", tmp_path / "files"
    server.mkdir()
    files.mkdir()
    hosts = (f"host{n} A 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(HOSTS))
    (server / FILE).write_text(APEX + "".join(hosts))
    port, gate = free_port(), free_port()
    manifest = primaries.manifest(port)
    assert "for: [primary]" in manifest
    manifest = manifest.replace("for: [primary]", "for: [primary, transfer]")
    (files / "all.yaml").write_text(manifest + "---\n" + pops("fra"))
    with (
        primaries.primary(kind, port, server, gate, takes_updates=True),
        Fleet(files, tmp_path / "state", 1, "--gate", str(gate)) as up,
    ):
        up.wait("transferring", START_SECONDS)
        found = Following(port, gate)
        wait_for("the zone is here", lambda: len(found.serials()) == 1, START_SECONDS)
        yield found


@pytest.mark.timeout(900)
def test_it_is_equal_whenever_it_is_compared(fleet: Following) -> None:
    for _ in range(ROUNDS):
        before = fleet.serials()
        fleet.change()
        wait_for("it is equal", lambda: len(fleet.serials()) == 1, EQUAL_SECONDS)
        assert fleet.serials() != before
        expected = lines(fleet.primary, DIG_KEY)
        assert len(expected) > HOSTS
        assert lines(fleet.gate, DIG_KEY) == expected
