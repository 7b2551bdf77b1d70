"""Signed answers beside Knot and NSD: the same zones, signed once, and the same queries with DO.

They are measured as `side_by_side` measures, in rounds. A server may keep the proofs of a name that
is asked again, so the goal is about names that are new each time, as those of an attack are.
"""

import tempfile
from pathlib import Path

from bench import loads, results, side_by_side, signed_zones
from bench.servers import DNSFLEET, serving

PEERS = ("knotd", "nsd")
"""The fastest of those that answer signed zones; gdnsd does not."""


def run() -> None:
    loads.build()
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    resident: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for zone in signed_zones.written(folder):
            home = folder / f"{zone.name}-servers"
            home.mkdir()
            with serving((DNSFLEET, *PEERS), zone.file, home) as servers:
                resident[zone.name] = {
                    server.name: server.resident_octets() for server in servers.values()
                }
                side_by_side.measure(servers, zone.workloads, found)
    results.save("signed", {"workloads": found, "resident_octets": resident})
