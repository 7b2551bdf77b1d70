"""From a changed record in a file to its answer at all Pops, which are asked all the time."""

import tempfile
from pathlib import Path

from support.fleet import PROBE, Fleet, write_probe_fleet
from support.oracle import Oracle

from bench.changes import faults, live_seconds
from bench.figures import quantile

POPS = ("ams", "gru", "sin")
CHANGES = 200
RATE = 3_000  # queries per second over all Pops: each Pop is asked every millisecond


def run() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifests = folder / "manifests"
        manifests.mkdir()
        manifest = manifests / "fleet.yaml"
        write_probe_fleet(manifest, POPS, 0)
        with Fleet(manifests, folder / "state", len(POPS)) as fleet:
            fleet.wait("ready", 60)
            measure(fleet, manifest)


def measure(fleet: Fleet, manifest: Path) -> None:
    """Make the changes one after another and print how long each took."""
    with Oracle(fleet.servers, PROBE, RATE, published=0) as oracle:
        taken = list(
            live_seconds(
                oracle, CHANGES, lambda counter: write_probe_fleet(manifest, POPS, counter)
            )
        )
    print(f"{CHANGES} changes, {len(POPS)} Pops, {oracle.asked} queries: {faults(oracle)}")
    print(
        f"manifest to the last Pop's answer: p50 {quantile(taken, 0.5) * 1000:.0f} ms, "
        f"p99 {quantile(taken, 0.99) * 1000:.0f} ms, longest {max(taken) * 1000:.0f} ms"
    )
