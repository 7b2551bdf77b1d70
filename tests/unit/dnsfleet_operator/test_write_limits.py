"""How many writes may be sent, and when."""

import pytest
from dnsfleet_operator.write_limits import (
    BURST,
    MAX_PAUSE_SECONDS,
    WRITES_PER_SECOND,
    WriteLimit,
)


def test_a_burst_is_free_and_then_each_write_waits_for_its_turn() -> None:
    limit = WriteLimit(100.0)
    waits = [limit.take(100.0) for _ in range(int(BURST) + 3)]
    assert waits[: int(BURST)] == pytest.approx([0.0] * int(BURST), abs=1e-9)
    step = 1 / WRITES_PER_SECOND
    assert waits[int(BURST) :] == pytest.approx([step, 2 * step, 3 * step])


def test_no_more_than_a_burst_is_saved_up() -> None:
    limit = WriteLimit(0.0)
    waits = [limit.take(1_000_000.0) for _ in range(int(BURST) + 1)]
    assert waits[-2] == pytest.approx(0.0, abs=1e-6)
    assert waits[-1] > 0.5 / WRITES_PER_SECOND


@pytest.mark.parametrize("gap", [0.0, 0.001, 0.004])
def test_no_ten_seconds_have_more_than_the_rate_and_a_burst(gap: float) -> None:
    limit, now, sent = WriteLimit(0.0), 0.0, 0
    while True:
        now += limit.take(now)  # one thread that sends, and then prepares the next for `gap`
        if now >= 10.0:
            break
        sent += 1
        now += gap
    assert sent <= BURST + 10 * WRITES_PER_SECOND + 1
    assert sent >= min(10 * WRITES_PER_SECOND, 10 / (gap or 0.001)) - 1


@pytest.mark.parametrize(
    ("asked", "later", "left"),
    [([2.0], 0.5, 1.5), ([2.0], 2.0, 0.0), ([2.0, 1.0], 0.5, 1.5), ([0.0], 0.0, 0.0), ([], 0.0, 0)],
)
def test_the_longest_pause_that_was_asked_for_holds(
    asked: list[float], later: float, left: float
) -> None:
    limit = WriteLimit(10.0)
    for seconds in asked:
        limit.pause(10.0, seconds)
    assert limit.paused(10.0 + later) == pytest.approx(left)


def test_a_pause_without_end_ends() -> None:
    limit = WriteLimit(0.0)
    limit.pause(0.0, 1e9)
    assert limit.paused(MAX_PAUSE_SECONDS) == 0.0
