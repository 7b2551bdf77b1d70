"""AXFR of a large zone, signed by TSIG: the gate of a fleet beside knotd, in turns.

What else the machine does makes a transfer long, so a round also tells how long the server worked
and how long it had no processor. Then many clients that take nothing begin a transfer each: what
they cost in memory.
"""

import socket
import struct
import tempfile
import time
from pathlib import Path
from typing import Any

import dns.message
from support import nameservers, secondaries
from support.fleet import Fleet
from support.ports import free_port
from support.up_runs import pops

from bench import loads, results
from bench.figures import memory_octets, quantile
from bench.master_file import master_file
from bench.ratios import ratio

SIZES = (100_000, 1_000_000)
ROUNDS = 20
CLIENTS = 50
STILL_SECONDS = 3.0
LOAD_SECONDS = 300
ORIGIN = "big.example"
ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: big}
spec: {origin: big.example, zoneFile: {path: big.zone}}
---
"""
KNOT = """\
key:
  - id: secondary-1
    algorithm: hmac-sha256
    secret: SECRET
acl:
  - id: transfers
    key: secondary-1
    action: transfer
zone:
  - domain: big.example
    file: "FILE"
    acl: [transfers]
    zonefile-sync: -1
    journal-content: none
"""


def run() -> None:
    sizes = {}
    for records in SIZES:
        with tempfile.TemporaryDirectory() as name:
            sizes[str(records)] = _measure(Path(name), records)
    results.save("transfers", {"sizes": sizes})


def _measure(folder: Path, records: int) -> dict[str, Any]:
    """Rounds of either server, and the memory of a client that stands still, in octets."""
    files = folder / "files"
    files.mkdir()
    (files / "big.zone").write_bytes(master_file(records))
    key = secondaries.manifest([]).replace(secondaries.ZONE, ORIGIN)
    (files / "fleet.yaml").write_text(ZONE + pops("fra") + "---\n" + key)
    ports = {"gate": free_port(), "knotd": free_port()}
    head = nameservers.KNOT.configure({}, folder, ports["knotd"]).removesuffix("zone:\n")
    knot = KNOT.replace("SECRET", secondaries.SECRET).replace("FILE", str(files / "big.zone"))
    fleet = Fleet(files, folder / "state", 1, "--gate", str(ports["gate"]))
    with fleet, nameservers.running(nameservers.KNOT, head + knot, folder) as (process, _):
        fleet.wait("transferring", LOAD_SECONDS)
        while secondaries.serial(ports["knotd"], secondaries.tsig_key(), ORIGIN) is None:
            time.sleep(0.1)
        pids = {"gate": fleet.pid("gate"), "knotd": process.pid}
        rounds: dict[str, list[dict[str, float]]] = {each: [] for each in ports}
        for _ in range(ROUNDS):
            for each, port in ports.items():
                rounds[each].append(_round(pids[each], port, records + 3))
        print(f"{records:,} records, {ROUNDS} transfers each")
        seconds = {each: [one["seconds"] for one in found] for each, found in rounds.items()}
        for each, found in rounds.items():
            p10, p50, p90 = (quantile(seconds[each], share) for share in (0.1, 0.5, 0.9))
            cpu, waited = (quantile([one[key] for one in found], 0.5) for key in ("cpu", "waited"))
            print(
                f"{each}: {p50:.3f} s (p50; p10 {p10:.3f}, p90 {p90:.3f}), "
                f"{cpu * 1000:.0f} ms of CPU, {waited * 1000:.0f} ms without a processor"
            )
        print(f"gate, of knotd's seconds: {ratio(seconds['gate'], seconds['knotd'])}")
        before = memory_octets(pids["gate"])
        clients = [_begin(ports["gate"]) for _ in range(CLIENTS)]
        time.sleep(STILL_SECONDS)
        octets = (memory_octets(pids["gate"]) - before) / CLIENTS
        print(f"gate: {octets / 1024:.0f} KiB for each of {CLIENTS} clients that stand still")
        for client in clients:
            client.close()
        return {"rounds": rounds, "clients": CLIENTS, "client_octets": octets}


def _begin(port: int) -> socket.socket:
    query = dns.message.make_query(ORIGIN, "AXFR")
    query.use_tsig(secondaries.tsig_key())
    wire = query.to_wire()
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(struct.pack("!H", len(wire)) + wire)
    return client


def _round(pid: int, port: int, records: int) -> dict[str, float]:
    """Seconds of a transfer, of CPU time of the server, and of its waiting for a processor."""
    cpu, waited = loads.cpu_seconds(pid), loads.waited_seconds(pid)
    seconds = _transfer(port, records)
    return {
        "seconds": seconds,
        "cpu": loads.cpu_seconds(pid) - cpu,
        "waited": loads.waited_seconds(pid) - waited,
    }


def _transfer(port: int, records: int) -> float:
    """Seconds until so many records have come."""
    began = time.perf_counter()
    with _begin(port) as client, client.makefile("rb", buffering=1 << 18) as stream:
        while records > 0:
            (length,) = struct.unpack("!H", stream.read(2))
            records -= int.from_bytes(stream.read(length)[6:8])
    return time.perf_counter() - began
