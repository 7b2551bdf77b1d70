"""Reports that do not arrive are sent again: soon, not too often, and before anybody calls the Pop
silent."""

import queue
import time
from collections.abc import Iterator

import pytest
import redis
from dnsfleet.replication import edge_words, intervals, pop_reports
from dnsfleet.replication.pop_reports import Report
from dnsfleet_edge import ack_sender
from dnsfleet_io.redis_clients import Server
from dnsfleet_operator.joined import sending
from dnsfleet_operator.joined.sending import ReportSender
from support.waiting import wait_for

SECONDS = 20.0


class Core:
    """Takes reports, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.tries: list[float] = []
        self.taken: queue.SimpleQueue[Report | None] = queue.SimpleQueue()

    def set(self, _: str, value: bytes) -> None:
        self.tries.append(time.monotonic())
        if self.away:
            raise redis.ConnectionError("away")
        self.taken.put(pop_reports.decode(value))

    def close(self) -> None:
        pass


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Core:
    core = Core()
    monkeypatch.setattr(sending, "bounded_redis_client", lambda *_: core)
    return core


@pytest.fixture
def sender(core: Core) -> Iterator[ReportSender]:
    sender = ReportSender(Server("core", 6379, "pop-ams", "right"), "ams")
    yield sender
    sender.close()


def report(number: int) -> Report:
    return Report(number, "1", None, number)


def test_changes_do_not_hurry_a_core_that_is_away(core: Core, sender: ReportSender) -> None:
    core.away = True
    number = 0

    def changed_and_tried() -> bool:
        nonlocal number
        number += 1
        sender.put(report(number))
        return len(core.tries) == 5

    wait_for("five attempts", changed_and_tried, SECONDS)
    least = sum(min(intervals.FIRST_RETRY_SECONDS * 2**n, 1.0) / 2 for n in range(4))
    assert core.tries[4] - core.tries[0] >= least
    assert sender.problem == "away"
    core.away = False
    assert (newest := core.taken.get(timeout=SECONDS)) is not None
    assert newest.generation == number
    wait_for("no problem", lambda: not sender.problem, SECONDS)


def test_a_word_that_is_repeated_in_time_is_no_silence() -> None:
    """Also where an edge has just not repeated its ack yet, and reports got lost."""
    lost = intervals.LOST_REPORTS * (sending.TIMEOUT_SECONDS + intervals.LONGEST_RETRY_SECONDS)
    oldest = ack_sender.REPEAT_SECONDS + sending.REPEAT_SECONDS + lost + sending.TIMEOUT_SECONDS
    assert oldest * 1000 <= edge_words.SILENT_MS
