"""The levels of signatures, and what is told of them."""

import pytest
from dnsfleet.zones import signatures
from dnsfleet.zones.signatures import NEAR_SECONDS, Level, Moment, Period
from support.signature_records import signed, zone

BEGINS, ENDS = 1_000_000, 2_000_000
PERIOD = Period(Moment(BEGINS, "a.example.com.", "A"), Moment(ENDS, "example.com.", "SOA"))
NEAR = ENDS - NEAR_SECONDS


@pytest.mark.parametrize(
    ("now", "level", "change"),
    [
        (0, Level.NOT_YET_VALID, BEGINS),
        (BEGINS - 0.5, Level.NOT_YET_VALID, BEGINS),
        (BEGINS, Level.VALID, NEAR),
        (NEAR - 0.5, Level.VALID, NEAR),
        (NEAR, Level.NEAR_EXPIRY, ENDS),
        (ENDS - 0.5, Level.NEAR_EXPIRY, ENDS),
        (ENDS, Level.EXPIRED, None),
        (ENDS + 10**9, Level.EXPIRED, None),
    ],
)
def test_levels(now: float, level: Level, change: int | None) -> None:
    assert PERIOD.level(now) is level
    assert PERIOD.next_change(now) == change


def test_one_ends_before_another_begins() -> None:
    period = Period(PERIOD.ends, PERIOD.begins)
    levels = [period.level(now) for now in (BEGINS - 1, BEGINS, ENDS)]
    assert levels == [Level.NOT_YET_VALID, Level.EXPIRED, Level.EXPIRED]


@pytest.mark.parametrize("level", Level)
def test_each_level_is_told_with_a_name_and_a_time(level: Level) -> None:
    told = signatures.message(PERIOD, level)
    moment = (
        "1970-01-12T13:46:40Z, for a.example.com. A"
        if level is Level.NOT_YET_VALID
        else "1970-01-24T03:33:20Z, for example.com. SOA"
    )
    assert moment in told
    found = signatures.warning(PERIOD, level, "here")
    if level is Level.VALID:
        assert found is None
    else:
        assert found == (f"Signatures{level.value}", told, "here", "warning")


def test_the_period_of_a_zone() -> None:
    assert signatures.period(zone(), 0.5) is None
    assert signatures.period(signed(BEGINS, ENDS), BEGINS + 0.5) == (
        (BEGINS, "example.com.", "NS"),
        (ENDS, "example.com.", "NS"),
    )
