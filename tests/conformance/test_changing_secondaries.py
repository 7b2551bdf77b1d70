"""Knot, NSD and BIND follow a zone that changes all the time, by updates of a client."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from support import nameservers, secondaries, update_loads
from support.fleet import Fleet
from support.ports import free_port
from support.secondaries import KEY, SECRET, ZONE, lines, serial, tsig_key
from support.up_runs import pops
from support.update_loads import Load
from support.waiting import wait_for

KINDS = (nameservers.KNOT, nameservers.NSD, nameservers.BIND)
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
"""Servers put off a transfer for some seconds where there was one just before."""
UPDATER = "updater"
DIG_KEY = f"hmac-sha256:{KEY}:{SECRET}"
FILE = f"{ZONE}.zone"
APEX = """\
$TTL 300
@ SOA ns1.example.net. hostmaster 1 3600 2 1209600 300
@ NS ns1.example.net.
"""
MANIFESTS = f"""\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {{name: example-com}}
spec:
  origin: {ZONE}
  zoneFile: {{path: {FILE}}}
---
apiVersion: dnsfleet.io/v1alpha1
kind: TsigKey
metadata: {{name: {UPDATER}}}
spec: {{secretRef: {{name: {UPDATER}}}, zones: [{ZONE}], for: [update]}}
---
apiVersion: v1
kind: Secret
metadata: {{name: {UPDATER}}}
stringData: {{secret: {SECRET}}}
---
"""


class Running(NamedTuple):
    """A fleet with a gate, and its secondaries."""

    gate: int
    """The port."""
    secondaries: dict[str, int]
    """Their ports, by program."""

    def change(self, seconds: float, first: int) -> Load:
        """Have names get other addresses, which are counted from `first` on."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", self.gate))
            return update_loads.run(client, tsig_key(UPDATER), ZONE, CHANGING, RATE, seconds, first)

    def serials(self) -> set[int | None]:
        """All that there are."""
        found = {serial(port, None) for port in self.secondaries.values()}
        return found | {serial(self.gate, tsig_key())}


@pytest.fixture(name="fleet")
def _fleet(tmp_path: Path) -> Iterator[Running]:
    files, gate = tmp_path / "files", free_port()
    ports = {kind.program: free_port() for kind in KINDS}
    files.mkdir()
    hosts = (f"host{n} A 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(HOSTS))
    (files / FILE).write_text(APEX + "".join(hosts))
    key = secondaries.manifest(ports.values())
    (files / "all.yaml").write_text(MANIFESTS + pops("fra") + "---\n" + key)
    with ExitStack() as stack:
        up = stack.enter_context(Fleet(files, tmp_path / "state", 1, "--gate", str(gate)))
        up.wait("transferring", START_SECONDS)
        for kind in KINDS:
            folder = tmp_path / kind.program
            folder.mkdir()
            own = secondaries.secondary(kind, gate, ports[kind.program], folder)
            stack.enter_context(own)
        found = Running(gate, ports)
        wait_for("all have it", lambda: len(found.serials()) == 1, START_SECONDS)
        yield found


@pytest.mark.timeout(900)
def test_they_are_equal_whenever_they_are_compared(fleet: Running) -> None:
    before, sent = fleet.serials(), 0
    for _ in range(ROUNDS):
        load = fleet.change(ROUND_SECONDS, sent)
        sent += load.sent
        print(load)
        assert sum(load.codes.values()) == load.sent
        wait_for("all are equal", lambda: len(fleet.serials()) == 1, EQUAL_SECONDS)
        assert fleet.serials() != before
        before = fleet.serials()
        expected = lines(fleet.gate, DIG_KEY)
        assert len(expected) > HOSTS
        for port in fleet.secondaries.values():
            assert lines(port) == expected
