"""Why the core does not do what it is asked, told by the first thing that was met."""

from dnsfleet_operator.leading.outages import Outage


def test_the_first_reason_stays_until_it_is_over() -> None:
    outage = Outage()
    assert outage.reason is None
    assert not outage.looked("")
    assert outage.reason == ""
    for error in ("refused", "no answer"):
        assert not outage.looked(error)
        assert outage.reason == "refused"
    assert outage.looked("")
    assert outage.reason == ""
    assert not outage.looked("")


def test_a_core_that_answers_and_takes_nothing_is_not_available() -> None:
    outage = Outage()
    outage.looked("")
    outage.passed("the disk is full")
    outage.looked("")
    assert outage.reason == "the disk is full"
    outage.passed("")
    assert outage.reason == ""
