"""What TLS between core and replica costs: `python -m bench.transport`, with stunnel4 installed.

A core, a replica, and between them nothing, our tunnel, or stunnel at both ends, one after the
other in each round. Printed are the time of a change until the replica has confirmed it, the
processor time that the two ends of the tunnel take for one, and how fast a replica copies the core.
"""

import hashlib
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import redis
from dnsfleet_operator.secrets import authorities
from support.ports import free_port
from support.valkey import Valkey
from support.waiting import wait_for

ROUNDS = 3
CHANGES = 2000
CHANGE_OCTETS = 600
"""Octets of a small manifest with its delta."""
CHUNK_OCTETS = 60 * 1024
CHUNKS = 5000
"""300 MB in all."""
NAME = "core.example"
SECONDS = 120.0
TICKS = os.sysconf("SC_CLK_TCK")


class Figures(NamedTuple):
    """Of one way in one round."""

    milliseconds: float
    """Median of a change."""
    late: float
    """The 99th percentile of it."""
    processor: float
    """Microseconds of a change, in both ends of the tunnel together."""
    speed: float
    """Megabytes a second of a whole copy."""
    processor_copy: float
    """Milliseconds of processor a megabyte."""


def main() -> None:
    """Measure, and print the medians of the rounds."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_certificates(place)
        core = Valkey(place / "core")
        core.start()
        with core.client() as client:
            fill(client)
            found: dict[str, list[Figures]] = {}
            for number in range(ROUNDS):
                for way in ("plain", "tunnel", "stunnel"):
                    with reaching(way, core.port, place) as (port, processes):
                        figures = measure(client, port, processes, place / f"{way}-{number}")
                    found.setdefault(way, []).append(figures)
        core.kill()
    print("way       change ms   p99 ms  cpu us  copy MB/s  cpu ms/MB")
    for way, rounds in found.items():
        medians = [statistics.median(values) for values in zip(*rounds, strict=True)]
        print(f"{way:9s} {'{:9.3f} {:8.3f} {:7.0f} {:10.0f} {:10.2f}'.format(*medians)}")


def fill(core: redis.Redis) -> None:
    """Incompressible chunks."""
    pipeline = core.pipeline(transaction=False)
    for chunk in range(CHUNKS):
        pipeline.set(f"chunk:{chunk}", os.urandom(CHUNK_OCTETS))
        if chunk % 16 == 0:
            pipeline.execute()
    pipeline.execute()


def measure(core: redis.Redis, port: int, processes: Sequence[int], folder: Path) -> Figures:
    """Let a replica copy the core over this port, then follow it."""
    replica = Valkey(folder)
    replica.start()
    try:
        with replica.client() as client:
            busy, began = spent(processes), time.monotonic()
            client.execute_command("REPLICAOF", "127.0.0.1", port)
            wait_for(
                "a whole copy",
                lambda: client.info("replication")["master_link_status"] == "up",
                SECONDS,
            )
            took = time.monotonic() - began
            copying = spent(processes) - busy
        busy, times = spent(processes), []
        for number in range(CHANGES):
            began = time.monotonic()
            core.set(f"change:{number % 100}", os.urandom(CHANGE_OCTETS))
            core.wait(1, 0)
            times.append((time.monotonic() - began) * 1000)
        changing = spent(processes) - busy
    finally:
        replica.kill()
    megabytes = CHUNKS * CHUNK_OCTETS / 1e6
    return Figures(
        statistics.median(times),
        statistics.quantiles(times, n=100)[98],
        changing / CHANGES * 1e6,
        megabytes / took,
        copying / megabytes * 1000,
    )


def spent(processes: Sequence[int]) -> float:
    """Seconds of processor that these processes have taken."""
    total = 0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


@contextmanager
def reaching(way: str, core: int, place: Path) -> Iterator[tuple[int, list[int]]]:
    """The port at which a replica finds the core, and the processes on the way."""
    if way == "plain":
        yield core, []
        return
    outer, inner = free_port(), free_port()
    commands = {"tunnel": tunnel, "stunnel": stunnel}[way](core, outer, inner, place)
    running = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        with redis.Redis(port=inner) as client:
            wait_for("the tunnel", lambda: answers(client), SECONDS)
        yield inner, [process.pid for process in running]
    finally:
        for process in running:
            process.terminate()
            process.wait()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def tunnel(core: int, outer: int, inner: int, place: Path) -> list[list[str]]:
    """The commands of both ends."""
    command = str(Path(sys.executable).with_name("dnsfleet-tunnel"))
    (place / "client" / "core-address").write_text(f"127.0.0.1:{outer}")
    (place / "client" / "server-name").write_text(NAME)
    return [
        [
            *(command, "--listen", f"127.0.0.1:{outer}", "--target", f"127.0.0.1:{core}"),
            *("--certificates", str(place / "server")),
            *("--authorities", str(place / "server" / "ca.crt")),
            *("--known", str(place / "server" / "fingerprints")),
        ],
        [command, "--listen", f"127.0.0.1:{inner}", "--join", str(place / "client")],
    ]


def stunnel(core: int, outer: int, inner: int, place: Path) -> list[list[str]]:
    """The same of stunnel."""
    commands = []
    for end, accept, connect, more in (
        ("server", outer, core, ""),
        ("client", inner, outer, f"client = yes\ncheckHost = {NAME}\n"),
    ):
        file = place / f"{end}.conf"
        file.write_text(
            "foreground = yes\nsyslog = no\npid =\ndebug = err\n"
            f"[redis]\naccept = 127.0.0.1:{accept}\nconnect = 127.0.0.1:{connect}\n"
            f"cert = {place}/{end}/tls.crt\nkey = {place}/{end}/tls.key\n"
            f"CAfile = {place}/{end}/ca.crt\nverifyChain = yes\nsslVersionMin = TLSv1.3\n{more}"
        )
        commands.append(["stunnel4", str(file)])
    return commands


def write_certificates(place: Path) -> None:
    """A folder for each end."""
    now = time.time()
    authority = authorities.make("bench", now)
    for end, pair in (
        ("server", authorities.server(authority, [NAME], now)),
        ("client", authorities.client(authority, "ams", now)),
    ):
        folder = place / end
        folder.mkdir()
        (folder / "tls.crt").write_text(pair.certificate)
        (folder / "tls.key").write_text(pair.key)
        (folder / "ca.crt").write_text(authority.certificate)
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pair.certificate)).hexdigest()
    (place / "server" / "fingerprints").write_text(digest)  # of the client, the last one


if __name__ == "__main__":
    main()
