"""What each channel costs the others on a link that is policed to 256 kbit/s (needs root).

Records and commands come down in one stream, so what was written later comes later: a change that
follows a bulk load waits until that is through, and one that is before it does not. What the Pop
says goes up beside them, and is held up by neither.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dnsfleet.replication import keys, pop_commands, pop_reports, pop_slots, telemetry
from dnsfleet.replication.pop_commands import PopCommand, Request
from dnsfleet.replication.revisions import Revision
from dnsfleet_publisher import redis_settings
from dnsfleet_publisher.command_streams import CommandStreams
from dnsfleet_publisher.core_redis import CoreRedis
from dnsfleet_publisher.record_store import RecordStore
from support.linked_places import START_SECONDS, Server
from support.policed_links import FAR, PolicedLink
from support.signed_zones import PUBLISHER
from support.waiting import wait_for
from support.zones import make_zone

KBITS = 256
NAMES = 8000
"""Of a zone that takes some 11 s."""
CHANGES = 8
PORT = 6379
LATE_SECONDS = 5.0
"""A change that takes longer was held up: alone it takes some milliseconds."""
TALKER = f"""
import itertools, time
from dnsfleet.replication.pop_reports import Report
from dnsfleet.replication.telemetry import Sample
from dnsfleet_io.redis_clients import Server
from dnsfleet_operator.joined.sending import ReportSender
sender = ReportSender(Server("{FAR}", {PORT}, "default", "any"), "fra")
for number in itertools.count():
    now_ms = time.time_ns() // 1_000_000
    sender.put(Report(now_ms, "test", None, number))
    sender.measured(Sample(now_ms, 1, 1.0, 0.0, 1))
    time.sleep(0.05)
"""
"""Says something new all the time, as often as a Pop may."""


@pytest.fixture
def link() -> Iterator[PolicedLink]:
    link = PolicedLink(KBITS)
    yield link
    link.close()


@pytest.fixture
def core(link: PolicedLink, tmp_path: Path) -> Iterator[Server]:
    server = Server(link, link.far, tmp_path / "core", PORT, redis_settings.CORE)
    yield server
    server.close()


@pytest.fixture
def replica(link: PolicedLink, core: Server, tmp_path: Path) -> Iterator[Server]:
    settings = f"{redis_settings.REPLICA}replicaof {FAR} {PORT}\n"
    server = Server(link, link.near, tmp_path / "replica", PORT, settings)
    wait_for("the first copy", server.follows, START_SECONDS)
    yield server
    server.close()


@pytest.fixture
def talker(link: PolicedLink, replica: Server) -> Iterator[Callable[[], None]]:
    """Has the Pop begin to talk."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> None:
        command = link.inside(link.near, sys.executable, "-c", TALKER)
        started.append(subprocess.Popen(command))

    yield begin
    for process in started:
        process.kill()
        process.wait()


class Fleet:
    """The writer at the core, and what came to the replica."""

    def __init__(self, core: Server, replica: Server) -> None:
        self._core, self._replica = core.client, replica.client
        self.store = RecordStore(CoreRedis(core.client), PUBLISHER, time.time)
        self.store.claim()
        self._number = 0

    def change(self) -> Callable[[], bool]:
        """Change one address of a small zone; whether that has come."""
        self._number += 1
        records = [("www", "A", f"192.0.2.{self._number}")]
        manifest = self.store.publish("small.example.", make_zone("small.example.", records))
        assert manifest is not None
        return lambda: int(self._replica.get(keys.LSN) or 0) >= manifest.lsn

    def load(self) -> tuple[int, Callable[[], bool]]:
        """Publish a large zone; its octets, and whether it has come."""
        records = [(f"n{each}", "TXT", f'"{each * 7919:x}"') for each in range(NAMES)]
        manifest = self.store.publish("large.example.", make_zone("large.example.", records))
        assert manifest is not None
        assert manifest.snapshot is not None
        return manifest.snapshot.size, lambda: int(self._replica.get(keys.LSN) or 0) >= manifest.lsn

    def command(self) -> Callable[[], bool]:
        """Give the Pop a command; whether that has come."""
        now_ms = time.time_ns() // 1_000_000
        self._number += 1
        request = Request(f"r{self._number}", "snapshot", "", now_ms, now_ms + 60_000)
        command = PopCommand("fra", Revision(self.store.fence, self._number), request)
        CommandStreams(self._core).write(self.store.fence, "fra", [command], PUBLISHER)
        entry = f"{command.sequence.epoch}-{command.sequence.seq}"
        return lambda: bool(self._replica.xrange(pop_commands.stream("fra"), entry, entry))

    def heard(self) -> float:
        """How old the newest report is that the core has, in seconds."""
        report = pop_reports.decode(self._core.get(pop_slots.key("fra", 0)) or b"")
        return time.time() - report.time_ms / 1000 if report is not None else float("inf")

    def measured(self) -> float:
        """The same of the newest telemetry."""
        value = self._core.get(pop_slots.key("fra", telemetry.SLOT)) or b""
        sample = telemetry.decode(value)
        return time.time() - sample.time_ms / 1000 if sample is not None else float("inf")


def seconds_until(arrived: Callable[[], bool], at_most: float) -> float:
    began = time.monotonic()
    wait_for("it comes", arrived, at_most)
    return time.monotonic() - began


@pytest.mark.timeout(240)
def test_a_channel_is_not_held_up_by_those_that_may_wait(
    core: Server, replica: Server, talker: Callable[[], None]
) -> None:
    fleet = Fleet(core, replica)
    alone = [seconds_until(fleet.change(), LATE_SECONDS) for _ in range(CHANGES)]
    talker()
    wait_for("the Pop is heard", lambda: fleet.heard() < 1.0, START_SECONDS)
    beside = [seconds_until(fleet.change(), LATE_SECONDS) for _ in range(CHANGES)]

    first, began = fleet.change(), time.monotonic()
    size, loaded = fleet.load()
    later, command = fleet.change(), fleet.command()
    before = seconds_until(first, LATE_SECONDS)
    oldest = 0.0
    while not loaded():
        oldest = max(oldest, fleet.heard(), fleet.measured())
        came = command()  # is asked first: what was written before it may come in between
        assert not came or loaded(), "it overtook what was written before it"
        assert time.monotonic() - began < START_SECONDS
        time.sleep(0.05)
    through = time.monotonic() - began
    after = seconds_until(later, LATE_SECONDS)
    seconds_until(command, LATE_SECONDS)
    print(
        f"a change alone {statistics.median(alone):.3f} s, beside telemetry "
        f"{statistics.median(beside):.3f} s; {size} octets took {through:.1f} s, a change before "
        f"them {before:.3f} s, one behind them {after:.3f} s more; what the Pop says was at most "
        f"{oldest:.2f} s old meanwhile"
    )
    assert through > size * 8 / (KBITS * 1000) / 2, "the link was not policed"
    assert oldest < through * 0.75, "what the Pop says waited until all was through"
    assert core.client.info("stats")["sync_full"] == 1, "the link was taken for dead"
