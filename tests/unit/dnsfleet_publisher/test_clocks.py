"""Which clock a fence may be taken from."""

import pytest
from dnsfleet_publisher.clocks import ClockError, check

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ([], ""),
        ([NOW + 86_400], ""),
        ([NOW + 300, NOW + 86_400], ""),
        ([NOW + 301, NOW - 300], ""),
        ([NOW + 301, NOW + 302], "301 s behind: set it right"),
        ([NOW - 86_400, NOW - 400], "400 s ahead"),
        ([NOW - 400, NOW + 500], "400 s ahead"),
    ],
)
def test_a_clock_is_refused_where_two_others_are_far_from_it(
    others: list[float], told: str
) -> None:
    if not told:
        check(NOW, others)
        return
    with pytest.raises(ClockError, match=told):
        check(NOW, others)
