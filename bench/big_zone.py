"""One RecordSet changed in a zone of a million records: octets and seconds to each Pop, and RSS."""

import tempfile
from pathlib import Path

from support.fleet import Fleet, replace
from support.oracle import Oracle
from support.valkey import Valkey

from bench.changes import faults, live_seconds
from bench.figures import memory_octets, quantile
from bench.master_file import RECORDS, master_file

POPS = ("ams", "gru", "sin")
CHANGES = 20
RATE = 1_500  # queries per second, over all Pops
PROBE = "probe.big.example."
LOAD_SECONDS = 300

ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: big, namespace: dns}
spec:
  origin: big.example
  zoneFile: {path: big.zone}
"""
POP = "apiVersion: dnsfleet.io/v1alpha1\nkind: Pop\nmetadata: {name: %s}\nspec: {}\n"
RECORD_SET = """\
apiVersion: dnsfleet.io/v1alpha1
kind: RecordSet
metadata: {name: probe, namespace: dns}
spec:
  zoneRef: {name: big}
  records: [{name: probe, type: TXT, ttl: 1, data: ["%d"]}]
"""


def run() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifests = folder / "manifests"
        manifests.mkdir()
        (manifests / "big.zone").write_bytes(master_file(RECORDS))
        (manifests / "fleet.yaml").write_text("---\n".join([ZONE, *(POP % pop for pop in POPS)]))
        (manifests / "probe.yaml").write_text(RECORD_SET % 0)
        core = Valkey(folder / "core")
        core.start()
        try:
            with Fleet(manifests, folder / "state", len(POPS), "--redis-url", core.url) as fleet:
                ready = fleet.wait("ready", LOAD_SECONDS)
                print(f"{RECORDS} records ready at {len(POPS)} Pops in {ready['seconds']:.1f} s")
                measure(fleet, core, manifests / "probe.yaml")
        finally:
            core.kill()


def replicated(core: Valkey) -> int:
    """Octets that the core has sent to each replica."""
    with core.client() as client:
        return int(client.info("replication")["master_repl_offset"])


def measure(fleet: Fleet, core: Valkey, manifest: Path) -> None:
    """Change the RecordSet again and again, and print what it cost."""
    taken, octets = [], []
    before = replicated(core)
    with Oracle(fleet.servers, PROBE, RATE, published=0) as oracle:
        for seconds in live_seconds(
            oracle, CHANGES, lambda counter: replace(manifest, RECORD_SET % counter)
        ):
            taken.append(seconds)
            now = replicated(core)
            octets.append(now - before)
            before = now
    print(f"{CHANGES} changes of one record, {oracle.asked} queries: {faults(oracle)}")
    print(
        f"to the last Pop's answer: p50 {quantile(taken, 0.5) * 1000:.0f} ms, "
        f"longest {max(taken) * 1000:.0f} ms"
    )
    print(
        f"octets to each Pop: p50 {quantile(octets, 0.5):.0f}, most {max(octets)} "
        "(acks of the edges included)"
    )
    for pop in POPS:
        edge, replica = (
            memory_octets(fleet.pid(f"{role}/{pop}")) / 2**20 for role in ("edge", "replica")
        )
        print(f"RSS of Pop {pop}: edge {edge:.0f} MiB, replica {replica:.0f} MiB")
