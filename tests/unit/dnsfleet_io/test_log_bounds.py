"""However many zones something happens to, a log has a bounded number of lines of it."""

import io
import logging
from collections.abc import Iterator

import pytest
from dnsfleet_io import log_bounds
from dnsfleet_io.log_bounds import AT_ONCE, Bound
from dnsfleet_io.logs import line
from support.waiting import wait_for


class Log:
    """A logger with a bound, and a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self._text = io.StringIO()
        handler = logging.StreamHandler(self._text)
        self.bound = Bound(handler, lambda: self.now)
        handler.addFilter(self.bound)
        self.logger = logging.Logger("bounded", logging.INFO)
        self.logger.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self._text.getvalue().splitlines()

    def load(self, count: int, first: int = 1) -> None:
        for lsn in range(first, first + count):
            self.logger.info(line("zone_loaded", zone=f"z{lsn}.", lsn=lsn))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """Nothing is told by the timer: the test does that."""
    monkeypatch.setattr(log_bounds, "SUMMARY_SECONDS", 3600.0)
    yield Log()


def test_a_first_load_of_ten_thousand_zones_writes_some_lines_and_one_for_the_rest(
    log: Log,
) -> None:
    log.load(10_000)
    assert len(log.lines) == AT_ONCE
    log.bound.tell()
    left_out = 10_000 - AT_ONCE
    assert log.lines[AT_ONCE:] == [
        f"event=lines_left_out of=zone_loaded lines={left_out} first_lsn=101 last_lsn=10000"
    ]
    log.bound.tell()
    assert len(log.lines) == AT_ONCE + 1


def test_later_lines_have_room_again(log: Log) -> None:
    log.load(AT_ONCE)
    log.now = 2.0
    log.load(50)
    assert len(log.lines) == AT_ONCE + 2 * log_bounds.A_SECOND
    log.now = 1e6
    log.load(2 * AT_ONCE)
    assert len(log.lines) == AT_ONCE + 2 * log_bounds.A_SECOND + AT_ONCE


def test_events_do_not_take_room_of_each_other(log: Log) -> None:
    log.load(1000)
    log.logger.info(line("acked", lsn=1000))
    assert log.lines[-1] == "event=acked lsn=1000"


def test_errors_and_text_of_libraries_are_never_left_out(log: Log) -> None:
    for number in range(2 * AT_ONCE):
        log.logger.error(line("load_defect", zone=f"z{number}."))
        log.logger.info("text %d", number)
    assert len(log.lines) == 4 * AT_ONCE


def test_events_without_a_position_are_counted_too(log: Log) -> None:
    for number in range(AT_ONCE + 3):
        log.logger.info(line("zone_withheld", zone=f"z{number}."))
    log.bound.tell()
    assert log.lines[-1] == "event=lines_left_out of=zone_withheld lines=3"


def test_what_was_left_out_is_told_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_bounds, "SUMMARY_SECONDS", 0.01)
    log = Log()
    log.load(AT_ONCE + 1)
    wait_for("a summary", lambda: "lines_left_out" in log.lines[-1], 10)
