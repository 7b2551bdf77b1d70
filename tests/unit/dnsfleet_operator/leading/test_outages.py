"""Why the core does not do what it is asked, told by the first thing that was met."""

import logging

import pytest
from dnsfleet_operator.leading.outages import Outage


def test_the_first_reason_stays_until_it_is_over() -> None:
    available: list[bool] = []
    outage = Outage(available.append)
    assert outage.reason is None
    assert not outage.looked("")
    assert outage.reason == ""
    for error in ("refused", "no answer"):
        assert not outage.looked(error)
        assert outage.reason == "refused"
    assert outage.looked("")
    assert outage.reason == ""
    assert not outage.looked("")
    assert available == [True, False, False, True, True]


def test_a_core_that_answers_and_takes_nothing_is_not_available(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    available: list[bool] = []
    outage = Outage(available.append)
    outage.looked("")
    outage.passed("the disk is full")
    outage.looked("")
    assert outage.reason == "the disk is full"
    outage.passed("")
    assert outage.reason == ""
    assert available == [True, False, False, True]
    assert caplog.messages == ["the core is available again"]
