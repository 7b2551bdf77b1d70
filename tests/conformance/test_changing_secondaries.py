"""Knot, NSD and BIND follow a zone that changes all the time, by updates of a client."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from support import nameservers, secondaries
from support.changing_zones import HOSTS, ROUNDS, ZONE_FILE, Changes
from support.fleet import Fleet
from support.ports import free_port
from support.secondaries import KEY, SECRET, ZONE, lines, serial, tsig_key
from support.up_runs import pops
from support.waiting import wait_for

KINDS = (nameservers.KNOT, nameservers.NSD, nameservers.BIND)
START_SECONDS = 60.0
EQUAL_SECONDS = 60.0
"""Servers put off a transfer for some seconds where there was one just before."""
UPDATER = "updater"
DIG_KEY = f"hmac-sha256:{KEY}:{SECRET}"
FILE = f"{ZONE}.zone"
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

    def serials(self) -> set[int | None]:
        """All that there are."""
        found = {serial(port, None) for port in self.secondaries.values()}
        return found | {serial(self.gate, tsig_key())}


@pytest.fixture(name="fleet")
def _fleet(tmp_path: Path) -> Iterator[Running]:
    files, gate = tmp_path / "files", free_port()
    ports = {kind.program: free_port() for kind in KINDS}
    files.mkdir()
    (files / FILE).write_text(ZONE_FILE)
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
    changes = Changes(fleet.gate, tsig_key(UPDATER), ZONE)
    for _ in range(ROUNDS):
        before = fleet.serials()
        load = changes.round()
        assert sum(load.codes.values()) == load.sent, "a gate answers each update"
        wait_for("all are equal", lambda: len(fleet.serials()) == 1, EQUAL_SECONDS)
        assert fleet.serials() != before
        expected = lines(fleet.gate, DIG_KEY)
        assert len(expected) > HOSTS
        for port in fleet.secondaries.values():
            assert lines(port) == expected
