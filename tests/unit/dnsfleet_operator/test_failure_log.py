"""A reason is logged once for all that fails by it, and anew when it was over."""

from collections.abc import Iterator

import pytest
from dnsfleet_operator.cluster import ClusterError
from dnsfleet_operator.failure_log import AGAIN_SECONDS, FailureLog
from support.clocks import Clock

AWAY = ClusterError("the core is away", 0)


@pytest.fixture(name="clock")
def _clock() -> Iterator[Clock]:
    yield Clock(0.0)


def test_what_many_met_is_told_once(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    log = FailureLog((ClusterError,), clock)
    for _ in range(3):
        for what in ("look", "zones", "sweep"):
            log.failed(what, AWAY)
    assert caplog.messages == ["the core is away"]
    log.failed("zones", ClusterError("forbidden", 403))
    assert caplog.messages == ["the core is away", "forbidden"]


def test_what_goes_on_is_told_again_after_a_while(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    log = FailureLog((ClusterError,), clock)
    for _ in range(4):
        log.failed("look", AWAY)
    clock.now = AGAIN_SECONDS
    log.failed("look", AWAY)
    log.failed("look", AWAY)
    told = "the core is away; 4 times since that was told last"
    assert caplog.messages == ["the core is away", told]


def test_what_was_over_for_all_is_news_when_it_comes_again(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    log = FailureLog((ClusterError,), clock)
    log.failed("look", AWAY)
    log.failed("zones", AWAY)
    log.succeeded("look")
    log.failed("look", AWAY)
    assert len(caplog.messages) == 1, "the zones fail by it yet"
    log.succeeded("look")
    log.succeeded("zones")
    log.succeeded("sweep")
    log.failed("look", AWAY)
    log.clear()
    log.failed("look", AWAY)
    assert caplog.messages == ["the core is away"] * 3


def test_what_fails_by_another_reason_fails_no_more_by_the_first(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    log = FailureLog((ClusterError,), clock)
    for error in (AWAY, ClusterError("forbidden", 403), AWAY):
        log.failed("look", error)
    assert caplog.messages == ["the core is away", "forbidden", "the core is away"]


def test_a_defect_is_told_with_the_place_that_it_came_from(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    log = FailureLog((ClusterError,), clock)
    log.failed("look", KeyError())
    log.failed("zones", AWAY)
    defect, foreseen = caplog.records
    assert (defect.getMessage(), bool(defect.exc_info)) == ("KeyError", True)
    assert not foreseen.exc_info
