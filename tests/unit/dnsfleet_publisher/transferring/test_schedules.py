"""When primaries are asked again: what the SOA says, within bounds."""

import pytest
from dnsfleet_publisher.transferring import schedules
from dnsfleet_publisher.transferring.receiving import Soa
from hypothesis import given
from hypothesis import strategies as st

seconds = st.integers(0, 2**32 - 1)


def soa(refresh: int = 7200, retry: int = 900, expire: int = 1209600) -> Soa:
    return Soa(1, refresh, retry, expire)


@pytest.mark.parametrize(
    ("found", "refresh", "retry", "expire"),
    [
        (soa(), 7200, 900, 1209600),
        (soa(0, 0, 0), 5, 5, 10),
        (soa(2**32 - 1, 2**32 - 1, 2**32 - 1), 86400, 7200, 2**32 - 1),
        (soa(7200, 900, 60), 7200, 900, 8100),
    ],
)
def test_times(found: Soa, refresh: float, retry: float, expire: float) -> None:
    assert schedules.refresh(found) == refresh
    assert schedules.retry(found, 1) == retry
    assert schedules.expire(found) == expire


@given(st.builds(soa, seconds, seconds, seconds), st.integers(1, 1000))
def test_every_time_has_bounds(found: Soa, failures: int) -> None:
    for time in (schedules.refresh(found), schedules.retry(found, failures)):
        assert schedules.MIN_SECONDS <= time <= schedules.MAX_REFRESH_SECONDS
    assert schedules.expire(found) >= schedules.refresh(found) + schedules.retry(found, failures)


def test_until_something_comes_the_pauses_grow() -> None:
    waits = [schedules.retry(None, failures) for failures in range(1, 2000)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits == sorted(waits) and waits[-1] == schedules.FIRST_RETRY_SECONDS
