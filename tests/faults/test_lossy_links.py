"""A Pop over a link that loses and delays packets is slow, not dead (needs root)."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet.replication import intervals, pop_reports, pop_slots
from support.linked_places import START_SECONDS, Places
from support.waiting import wait_for

LOSS_PERCENT = 5
DELAY_SECONDS = 0.15
"""In each direction: an answer takes 300 ms, as from the other side of the earth."""
COPIED_OCTETS = 800_000
WATCHED_SECONDS = 60.0
MAX_LATE_SECONDS = 15.0
POP = "ams"
REPORTER = f"""
import time
from dnsfleet.replication import acks, pop_reports
from dnsfleet_operator.joined.sending import ReportSender
from dnsfleet_io.redis_clients import Server
sender = ReportSender(Server("127.0.0.1", {{port}}, "default", ""), {POP!r})
said = -1e9
while True:
    now = time.time()
    if now - said >= {intervals.ACK_SECONDS}:
        said, ack = now, acks.Ack(1, {{{{}}}}, 0, round(now * 1000))
    report = pop_reports.Report(round(now * 1000), "1", None, 0)
    sender.put(report._replace(words=pop_reports.words(dict(edge=ack))))
    time.sleep(0.2)
"""
"""The operator of a Pop with one edge, where nothing happens."""


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    with Places(tmp_path, LOSS_PERCENT, DELAY_SECONDS) as places:
        for number in range(COPIED_OCTETS // 1000):
            places.core.client.set(f"zone{number}", b"x" * 1000)
        places.start_replicas()
        yield places


@pytest.fixture
def reporter(places: Places) -> Iterator[None]:
    program = REPORTER.format(port=places.tunnel.port)
    command = places.link.inside(places.link.near, sys.executable, "-c", program)
    process = subprocess.Popen(command)
    yield
    process.kill()
    process.wait()


def age(places: Places) -> float | None:
    """Seconds since the edge said what the core has of it; None where it has nothing."""
    found = places.core.client.get(pop_slots.key(POP, 0))
    report = pop_reports.decode(found) if isinstance(found, bytes) else None
    ack = report.words[0].ack if report is not None else None
    return None if ack is None else time.time() - ack.time_ms / 1000


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("reporter")
def test_a_lossy_link_is_not_taken_for_dead(places: Places) -> None:
    core, replicas = places.core, (places.direct, places.tunnelled)
    for replica in replicas:
        wait_for("the first copy", replica.follows, START_SECONDS)
    wait_for("the first report", lambda: age(places) is not None, START_SECONDS)
    copies = core.client.info("stats")["sync_full"]
    latest: list[float] = []
    ages: list[float] = []
    deadline = time.monotonic() + WATCHED_SECONDS
    while time.monotonic() < deadline:
        now = time.monotonic()
        core.client.set("change", now)
        for replica in replicas:
            wait_for(
                "the change",
                lambda now=now, copy=replica.client: copy.get("change") == str(now).encode(),
                MAX_LATE_SECONDS,
            )
        latest.append(time.monotonic() - now)
        ages.append(age(places) or 0)
    stats = core.client.info("stats")
    print(
        f"{copies} full copies; {len(latest)} changes, the slowest {max(latest):.1f} s; the oldest "
        f"word of the edge {max(ages):.1f} s; {places.link.dropped()} packets dropped"
    )
    assert places.link.dropped() > 0
    assert (copies, stats["sync_full"], stats["sync_partial_ok"]) == (2, 2, 0), [
        replica.log.read_text() for replica in replicas
    ]
    assert max(ages) <= intervals.OLDEST_SECONDS
