"""A fleet follows a zone that changes all the time on Knot or BIND, which tell it by NOTIFY."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import nameservers, primaries
from support.changing_zones import HOSTS, ROUNDS, ZONE_FILE, Changes
from support.fleet import Fleet
from support.nameservers import Kind
from support.ports import free_port
from support.primaries import FILE, KEY, SECRET, ZONE
from support.secondaries import lines, serial, tsig_key
from support.up_runs import pops
from support.waiting import wait_for

START_SECONDS = 60.0
EQUAL_SECONDS = 60.0
"""BIND waits for five seconds before each NOTIFY."""
DIG_KEY = f"hmac-sha256:{KEY}:{SECRET}"


class Following:
    """A fleet with a gate, and the primary of its zone."""

    def __init__(self, primary: int, gate: int) -> None:
        self.primary, self.gate = primary, gate
        self.changes = Changes(primary, tsig_key(KEY), ZONE)

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
    (server / FILE).write_text(ZONE_FILE)
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
        load = fleet.changes.round()
        assert load.codes["NOERROR"] > load.sent / 2, "BIND drops some on a busy machine"
        wait_for("it is equal", lambda: len(fleet.serials()) == 1, EQUAL_SECONDS)
        assert fleet.serials() != before
        expected = lines(fleet.primary, DIG_KEY)
        assert len(expected) > HOSTS
        assert lines(fleet.gate, DIG_KEY) == expected
