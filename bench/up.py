"""`dnsfleet up` with 10,000 zones: what a change takes, what idling costs, what a restart takes.

Every zone has a file of its own in one folder, as people keep them. One of them is the probe, whose
answers show when a change has arrived. A restart follows a SIGKILL: the fleet has only its state
folder.
"""

import os
import signal
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import dns.exception
import dns.message
import dns.query
from support.fleet import PROBE, Fleet, write_probe_fleet
from support.oracle import Oracle
from support.up_runs import processes_of
from support.waiting import wait_for

from bench import loads
from bench.changes import faults, live_seconds
from bench.figures import memory_octets, quantile

POPS = ("fra", "iad", "sin")
ZONES = 10_000
RECORDS = 5
"""Addresses in a zone, beside its SOA and NS."""
CHANGES = 30
RATE = 300
"""Queries per second over all Pops: each is asked every 10 ms, which takes little of two cores."""
IDLE_SECONDS = 20
READY_SECONDS = 300
"""A fleet that takes longer to start ends the benchmark."""
STEADY_SECONDS = 15
"""The pause before idling is measured: edges still write to their disks what they have loaded."""
LOOK_SECONDS = 0.005

ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {{name: zone-{number}}}
spec:
  origin: zone-{number}.example
  nameServers: [ns1.example.net, ns2.example.net]
  records:
"""


def run() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifests = folder / "manifests"
        manifests.mkdir()
        probe = manifests / "probe.yaml"
        write_probe_fleet(probe, POPS, 0)
        for number in range(1, ZONES):
            (manifests / f"zone-{number}.yaml").write_text(_zone(number))
        state = folder / "state"
        with Fleet(manifests, state, len(POPS)) as fleet:
            ready = fleet.wait("ready", READY_SECONDS)
            print(f"{ZONES:,} zones, {len(POPS)} Pops: first ready after {ready['seconds']:.1f} s")
            _change(fleet, probe)
            time.sleep(STEADY_SECONDS)
            _idle(fleet)
            os.kill(fleet.process.pid, signal.SIGKILL)
        wait_for("all processes ended", lambda: not processes_of(state), 10)
        _restart(manifests, state)


def _zone(number: int) -> str:
    records = (
        f"    - {{name: host{at}, type: A, data: [192.0.2.{number % 250 + at}]}}\n"
        for at in range(RECORDS)
    )
    return ZONE.format(number=number) + "".join(records)


def _change(fleet: Fleet, probe: Path) -> None:
    """Change one zone again and again."""
    before = _cpu_seconds(fleet)
    with Oracle(fleet.servers, PROBE, RATE, published=0) as oracle:
        taken = list(
            live_seconds(oracle, CHANGES, lambda count: write_probe_fleet(probe, POPS, count))
        )
    cost = (_cpu_seconds(fleet)["up"] - before["up"]) / CHANGES
    print(
        f"{CHANGES} changes of one zone to the last Pop's answer: "
        f"p50 {quantile(taken, 0.5) * 1000:.0f} ms, longest {max(taken) * 1000:.0f} ms, "
        f"{cost * 1000:.0f} ms of CPU of `up` each; {faults(oracle)}"
    )


def _idle(fleet: Fleet) -> None:
    """Change nothing, ask nothing."""
    before, began = _cpu_seconds(fleet), time.monotonic()
    time.sleep(IDLE_SECONDS)
    seconds = time.monotonic() - began
    shares = {
        name: (cpu - before[name]) / seconds * 100 for name, cpu in _cpu_seconds(fleet).items()
    }
    children = ", ".join(f"{name} {share:.1f}" for name, share in shares.items() if name != "up")
    print(
        f"idle for {IDLE_SECONDS} s, % of a core: up {shares['up']:.1f}, {children}; "
        f"memory of `up` {memory_octets(fleet.process.pid) / 1024**2:.0f} MiB"
    )


def _restart(manifests: Path, state: Path) -> None:
    """Start again from what the disks have."""
    with Fleet(manifests, state, len(POPS)) as fleet:
        began = time.monotonic()
        answered: dict[str, float] = {}
        while len(answered) < len(POPS) and time.monotonic() - began < READY_SECONDS:
            for pop, server in zip(POPS, fleet.servers, strict=True):
                if pop not in answered and _answers(server):
                    answered[pop] = time.monotonic() - began
            time.sleep(LOOK_SECONDS)
        ready = fleet.wait("ready", READY_SECONDS)
        told = ", ".join(f"{pop} {seconds:.1f} s" for pop, seconds in answered.items())
        print(
            f"killed and started again, to the first answer: {told}; ready {ready['seconds']:.1f} s"
        )


def _answers(server: tuple[str, int]) -> bool:
    query = dns.message.make_query(PROBE, "TXT", flags=0)
    try:
        return bool(dns.query.udp(query, server[0], LOOK_SECONDS * 4, server[1]).answer)
    except (dns.exception.Timeout, OSError):
        return False


def _cpu_seconds(fleet: Fleet) -> Mapping[str, float]:
    """CPU time of `up` and of every process that it started."""
    names = ["core", *(f"{role}/{pop}" for pop in POPS for role in ("replica", "edge"))]
    pids = {"up": fleet.process.pid, **{name: fleet.pid(name) for name in names}}
    return {name: loads.cpu_seconds(pid) for name, pid in pids.items()}
