"""The watch over signatures does what a look at every zone would do, and does less for it."""

from typing import Any

import pytest
from dnsfleet.zones.signature_watch import SPARE, SignatureWatch
from dnsfleet.zones.signatures import NEAR_SECONDS, Level, Moment, Period
from hypothesis import given
from hypothesis import strategies as st

DAY = NEAR_SECONDS
ORIGINS = [f"{name}.example." for name in "abcd"]


def a_period(begins: int, ends: int) -> Period:
    return Period(Moment(begins, "example.", "A"), Moment(ends, "example.", "SOA"))


times = st.integers(0, 8 * DAY // 3600).map(lambda hours: hours * 3600)
periods = st.builds(a_period, times, times)
puts = st.tuples(st.sampled_from(ORIGINS), st.none() | periods)
# Time goes on, or stands, and sometimes back.
steps = st.tuples(st.integers(-3, 24).map(lambda hours: hours * 3600), st.lists(puts, max_size=3))


@given(st.lists(steps, max_size=40))
def test_it_says_what_a_look_at_all_would_say(steps: list[tuple[int, list[Any]]]) -> None:
    watch, now = SignatureWatch(), 0
    known: dict[str, Period] = {}
    told: dict[str, Level] = {}
    for step, changes in steps:
        now += step
        for origin, period in changes:
            watch.put(origin, period, now)
            known.pop(origin, None)
            told.pop(origin, None)
            if period is not None:
                known[origin], told[origin] = period, period.level(now)
        levels = {origin: period.level(now) for origin, period in known.items()}
        changed = watch.look(now)
        assert sorted(changed) == sorted(each for each in levels if levels[each] != told[each])
        told = levels
        for origin in ORIGINS:
            expected = (known[origin], levels[origin]) if origin in known else None
            assert watch.get(origin) == expected


def test_a_look_takes_what_is_due_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = SignatureWatch()
    for number in range(1000):
        watch.put(f"z{number}.", a_period(0, 10 * DAY + number), 0)
    judged = []
    judge = SignatureWatch._judge

    def noted(watch: SignatureWatch, origin: str, period: Period, now: float) -> Level:
        judged.append(origin)
        return judge(watch, origin, period, now)

    monkeypatch.setattr(SignatureWatch, "_judge", noted)
    assert watch.look(5 * DAY) == []
    assert judged == []
    assert watch.look(9 * DAY + 2) == judged == ["z0.", "z1.", "z2."]
    watch.put("z3.", a_period(0, 20 * DAY), 9 * DAY + 2)
    judged.clear()
    assert watch.look(9 * DAY + 4) == judged == ["z4."], "z3 was signed again"


def test_zones_that_are_signed_again_and_again_leave_little_behind() -> None:
    watch = SignatureWatch()
    for number in range(10_000):
        watch.put(f"z{number % 10}.", a_period(0, 10 * DAY + number), 0)
    assert len(watch._heap) <= 2 * 10 + SPARE
    for number in range(10):
        watch.put(f"z{number}.", None, 0)
    assert watch.look(100 * DAY) == []
    assert not watch._heap


def test_a_period_that_stays_is_no_new_time() -> None:
    watch = SignatureWatch()
    for _ in range(5):
        watch.put("a.", a_period(0, 10 * DAY), 0)
    assert len(watch._heap) == 1
