"""The events, one function each: what is done to a fleet, and which metrics tell of it."""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dnsfleet.replication import keys, manifests, public_keys
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from support.fleet import replace as write
from support.relays import Relay
from support.up_runs import zone

from bench.signatures.fleets import EventFleet, settle
from bench.signatures.recordings import Take, age, gauge, mean, rate, share

FAULT_SECONDS = 12.0
MANY_ZONES = 2000
EDGE, REDIS = "dnsfleet_edge_", "dnsfleet_redis_"

Act = Callable[[EventFleet], None]


class Event(NamedTuple):
    """One of them."""

    name: str
    title: str
    what: str
    """What was done."""
    recognise: str
    """What to recognise it by."""
    panels: Mapping[str, Take]
    act: Act
    """Does it, and undoes it."""
    prepare: Act = lambda _fleet: None
    """Before the recording begins."""
    clock: bool = False
    """Whether the edge of fra has a clock that is wrong, all the time."""


def counted(name: str) -> Take:
    """A counter that rises rarely, since the recording began."""
    return gauge(f"{EDGE}{name}_total", from_first=True)


QUERIES = rate(f"{EDGE}queries_total")
HIT_SHARE = share(f"{EDGE}cache_hits_total", f"{EDGE}cache_misses_total")
LSN = gauge(f"{EDGE}lsn", scale=0.001, from_first=True)
PROPAGATION = mean(f"{EDGE}propagation_seconds", scale=1000)
LAG = gauge(f"{EDGE}replication_lag_seconds")
REDIS_TIME = mean(f"{REDIS}response_seconds", scale=1000)
ANSWER_TIME = mean(f"{EDGE}response_duration_seconds", scale=1e6)
RCODES = rate(f"{EDGE}responses_total", by="rcode", place="fra")
LSN_TITLE = "dnsfleet_edge_lsn, since the beginning (s)"


def _spike(fleet: EventFleet) -> None:
    fleet.ask("fra", FAULT_SECONDS, 8000).wait()


def _random(fleet: EventFleet) -> None:
    fleet.ask("fra", FAULT_SECONDS, 4000, "random").wait()


def _slow_redis(fleet: EventFleet) -> None:
    """It is frozen most of the time, in a rhythm that is not that of a scrape or a PING."""
    for _ in range(int(FAULT_SECONDS / 0.7)):
        with fleet.frozen("replica/fra"):
            settle(0.6)
        settle(0.1)


def _hung_core(fleet: EventFleet) -> None:
    with fleet.frozen("core"):
        settle(FAULT_SECONDS)


def _stopped_writer(fleet: EventFleet) -> None:
    with fleet.frozen("up"):
        settle(FAULT_SECONDS)


def _rolling(fleet: EventFleet) -> None:
    for pop in ("fra", "iad"):
        fleet.end(f"edge/{pop}")
        settle(FAULT_SECONDS / 2)


def _bulk(fleet: EventFleet) -> None:
    documents = (zone(f"bulk{number}", "192.0.2.1") for number in range(MANY_ZONES))
    write(fleet.files / "bulk.yaml", "---\n".join(documents))
    settle(FAULT_SECONDS)


class _Cut:
    """All that the Pop fra says to the core and hears of it goes over a relay."""

    def __init__(self) -> None:
        self._relay: Relay | None = None

    def prepare(self, fleet: EventFleet) -> None:
        core = fleet.core_port()
        self._relay = relay = Relay(core).__enter__()
        config = fleet.state / "pops" / "fra" / "replica" / "redis.conf"
        for file in (config, fleet.told("fra")):
            text = file.read_text()
            text = text.replace(f"replicaof 127.0.0.1 {core}", f"replicaof 127.0.0.1 {relay.port}")
            file.write_text(text.replace(f"127.0.0.1:{core}/", f"127.0.0.1:{relay.port}/"))
        for process in ("replica/fra", "edge/fra"):
            fleet.end(process)
        settle(5.0)

    def act(self, _fleet: EventFleet) -> None:
        assert self._relay is not None
        self._relay.cut()
        settle(FAULT_SECONDS)
        self._relay.heal()

    def end(self) -> None:
        """Carry nothing any more."""
        if self._relay is not None:
            self._relay.__exit__()
            self._relay = None


class _FullDisk:
    """The state folder of fra's edge is a small file system of its own (needs root)."""

    def prepare(self, fleet: EventFleet) -> None:
        folder = fleet.state / "pops" / "fra" / "edge"
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
        fleet.end("edge/fra")
        settle(5.0)

    def act(self, fleet: EventFleet) -> None:
        filler = fleet.state / "pops" / "fra" / "edge" / "filler"
        with filler.open("wb", buffering=0) as file:
            for octets in (64 * 1024, 1):
                try:
                    while file.write(b"\0" * octets) == octets:
                        pass
                except OSError:
                    continue
        settle(FAULT_SECONDS)
        filler.unlink()


def _announced(fleet: EventFleet, bad: Callable[[Manifest, Ed25519PrivateKey], bytes]) -> None:
    """Put another manifest in the place of a zone's, and announce it, while no writer works."""
    key = load_pem_private_key((fleet.state / "publisher.key").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    trusted = public_keys.parse((fleet.state / "publisher.pub").read_bytes())
    with fleet.frozen("up"), fleet.core() as core:
        name = keys.manifest("load.example.")
        signed = core.get(name)
        assert isinstance(signed, bytes)
        position = core.get(keys.LSN)
        assert isinstance(position, bytes)
        before, lsn = int(position), int(position) + 1
        known = manifests.verify(signed, trusted)
        revision = Revision(known.revision.epoch, known.revision.seq + 1)
        core.set(name, bad(replace(known, revision=revision, lsn=lsn), key))
        entry = {"zone": known.zone, "revision": str(revision), "after": str(before)}
        core.xadd(keys.LOG, entry, id=f"{lsn}-0")
        core.hset(keys.ZONES, known.zone, f"{lsn} {revision}")
        core.set(keys.LSN, lsn)
        settle(FAULT_SECONDS)


def _poison(fleet: EventFleet) -> None:
    def wrong_digest(manifest: Manifest, key: Ed25519PrivateKey) -> bytes:
        return manifests.sign(replace(manifest, digest=bytes(32)), key)

    _announced(fleet, wrong_digest)


def _tampering(fleet: EventFleet) -> None:
    def of_a_stranger(manifest: Manifest, _key: Ed25519PrivateKey) -> bytes:
        return manifests.sign(manifest, Ed25519PrivateKey.generate())

    _announced(fleet, of_a_stranger)


def _nothing(_fleet: EventFleet) -> None:
    settle(FAULT_SECONDS)


CUT, DISK = _Cut(), _FullDisk()

EVENTS = [
    Event(
        "load-spike",
        "Load spike",
        "Nine times the queries reach fra, for the same names as before.",
        "The rate rises at one Pop; the share of cache hits and the time of an answer stay.",
        {
            "dnsfleet_edge_queries_total (1/s)": QUERIES,
            "cache hits of all that asked the cache (%)": HIT_SHARE,
            "dnsfleet_edge_response_duration_seconds, mean (µs)": ANSWER_TIME,
        },
        _spike,
    ),
    Event(
        "random-subdomains",
        "Random-subdomain attack",
        "4,000 queries a second for names that were never asked for reach fra.",
        "NXDOMAIN rises with the rate, and the share of cache hits falls, for each name is new.",
        {
            "dnsfleet_edge_responses_total at fra, by rcode (1/s)": RCODES,
            "cache hits of all that asked the cache (%)": HIT_SHARE,
            "dnsfleet_edge_response_duration_seconds, mean (µs)": ANSWER_TIME,
        },
        _random,
    ),
    Event(
        "cut-link",
        "Cut link",
        "Nothing passes between the Pop fra and the core: neither the copy nor acks.",
        "fra stays at its position while iad goes on; its replica says that the link is down, its "
        "acks fail. Queries are answered as before.",
        {
            LSN_TITLE: LSN,
            "dnsfleet_redis_link_up": gauge(f"{REDIS}link_up", redis="replica"),
            "dnsfleet_edge_ack_failures_total, since the beginning": counted("ack_failures"),
            "dnsfleet_edge_queries_total (1/s)": QUERIES,
        },
        CUT.act,
        CUT.prepare,
    ),
    Event(
        "slow-redis",
        "Slow Redis",
        "The replica of fra is frozen for 0.6 s of each 0.7 s.",
        "The response time of the replica rises to some tenths of a second, and so does the time "
        "that a change takes to fra.",
        {
            "dnsfleet_redis_response_seconds, mean (ms)": REDIS_TIME,
            "dnsfleet_edge_propagation_seconds, mean (ms)": PROPAGATION,
            "dnsfleet_edge_replication_lag_seconds": LAG,
        },
        _slow_redis,
    ),
    Event(
        "full-disk",
        "Full disk",
        "The file system with the state folder of fra's edge is filled.",
        "A write fails, and again after ten seconds; the zones on the disk grow old until one of "
        "them works. The edge loads and answers on.",
        {
            "dnsfleet_edge_disk_failures_total, since the beginning": counted("disk_failures"),
            "age of dnsfleet_edge_snapshot_timestamp_seconds (s)": age(
                f"{EDGE}snapshot_timestamp_seconds"
            ),
            LSN_TITLE: LSN,
        },
        DISK.act,
        DISK.prepare,
    ),
    Event(
        "poison-zone",
        "Poison zone",
        "A manifest that a valid key signed names a digest that its content does not have, as a "
        "writer with a defect would publish it. No writer works meanwhile.",
        "One zone fails at every edge that is to serve it; it is served on as it was.",
        {
            "dnsfleet_edge_zones_failing": gauge(f"{EDGE}zones_failing"),
            "dnsfleet_edge_refusals_total, since the beginning": counted("refusals"),
            "dnsfleet_edge_queries_total (1/s)": QUERIES,
        },
        _poison,
    ),
    Event(
        "tampering",
        "Tampering",
        "Somebody puts a manifest that a stranger signed into the core. No writer works meanwhile.",
        "Verification fails at every edge, and nothing else changes for clients.",
        {
            "dnsfleet_edge_verify_failures_total, since the beginning": counted("verify_failures"),
            "dnsfleet_edge_zones_failing": gauge(f"{EDGE}zones_failing"),
            "dnsfleet_edge_queries_total (1/s)": QUERIES,
        },
        _tampering,
    ),
    Event(
        "core-hung",
        "Core hangs",
        "The core hangs: it takes connections and answers nothing.",
        "Acks of all Pops fail, one every few seconds, as each waits for an answer. No position "
        "moves, and all replicas say that their link is down. Queries are answered as before.",
        {
            "dnsfleet_edge_ack_failures_total, since the beginning": counted("ack_failures"),
            "dnsfleet_redis_link_up": gauge(f"{REDIS}link_up", redis="replica"),
            LSN_TITLE: LSN,
            "dnsfleet_edge_queries_total (1/s)": QUERIES,
        },
        _hung_core,
    ),
    Event(
        "writer-stopped",
        "Operator stopped",
        "The writer is frozen while zones change (`dnsfleet up` here, the operator in a cluster).",
        "No position moves, and nothing else says that anything is wrong: links are up, acks are "
        "taken.",
        {
            LSN_TITLE: LSN,
            "dnsfleet_redis_link_up": gauge(f"{REDIS}link_up", redis="replica"),
            "dnsfleet_edge_ack_failures_total, since the beginning": counted("ack_failures"),
        },
        _stopped_writer,
    ),
    Event(
        "rolling-restart",
        "Rolling restart",
        "The edge of fra is told to end and is started again, then that of iad.",
        "The process of one edge after the other is young again. Its counters begin at 0, so their "
        "rates have a gap.",
        {
            "age of process_start_time_seconds (s)": age("process_start_time_seconds"),
            "dnsfleet_edge_queries_total (1/s)": QUERIES,
            "cache hits of all that asked the cache (%)": HIT_SHARE,
        },
        _rolling,
    ),
    Event(
        "clock-wrong",
        "Clock wrong",
        "The clock of fra's edge is an hour ahead, all the time.",
        "Changes seem to take an hour to fra, while its position moves with that of iad.",
        {
            "dnsfleet_edge_propagation_seconds, mean (ms)": PROPAGATION,
            LSN_TITLE: LSN,
        },
        _nothing,
        clock=True,
    ),
    Event(
        "bulk-load",
        "Bulk load",
        f"{MANY_ZONES:,} zones are added at once.",
        "Zones and loads rise together at all Pops; a change takes longer until they are through.",
        {
            "dnsfleet_edge_zones": gauge(f"{EDGE}zones"),
            "dnsfleet_edge_zone_loads_total (1/s)": rate(f"{EDGE}zone_loads_total"),
            "dnsfleet_edge_propagation_seconds, mean (ms)": PROPAGATION,
            "process_resident_memory_bytes (MiB)": gauge(
                "process_resident_memory_bytes", scale=2**-20
            ),
        },
        _bulk,
    ),
]


@contextmanager
def cleared(stage_folder: Path) -> Iterator[None]:
    """Undo what an event did outside of its fleet."""
    try:
        yield
    finally:
        folder = stage_folder / "state" / "pops" / "fra" / "edge"
        if folder.is_mount():
            subprocess.run(["umount", str(folder)], check=True)
        CUT.end()
