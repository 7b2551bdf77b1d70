"""A writer writes what every edge reads, and does not go back and forth."""

from collections.abc import Mapping

import pytest
from dnsfleet.replication import formats
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.formats import HEARD_MS, Choice

NOW = 1_800_000_000_000


@pytest.fixture(autouse=True)
def two_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "READS", (4, 5))


def acks(reads: Mapping[int, int], now_ms: int = NOW) -> list[Ack]:
    """One edge for each newest format, with the age in ms of its ack."""
    return [Ack(0, {}, 0, now_ms - age, each) for each, age in reads.items()]


@pytest.mark.parametrize(
    ("reads", "chosen"),
    [
        ({}, 4),
        ({5: 0}, 5),
        ({4: 0}, 4),
        ({4: 0, 5: 0}, 4),
        ({4: HEARD_MS, 5: 0}, 4),
        ({4: HEARD_MS + 1, 5: 0}, 5),
        ({4: HEARD_MS + 1}, 4),
        ({5: -HEARD_MS}, 5),
        ({6: 0, 7: 0}, 5),
        ({3: 0, 5: 0}, 4),
        ({1: 0}, 4),
    ],
)
def test_the_first_choice(reads: dict[int, int], chosen: int) -> None:
    choice = Choice()
    assert choice.hear(acks(reads), NOW) is (chosen != 4)
    assert choice.format == chosen


def test_an_older_edge_is_heard_at_once_and_a_newer_format_not_tried_for_a_day() -> None:
    choice = Choice()
    choice.hear(acks({5: 0}), NOW)
    assert choice.hear(acks({4: 0, 5: 0}), NOW)
    assert choice.format == 4
    soon, later = NOW + HEARD_MS - 1, NOW + HEARD_MS
    assert not choice.hear(acks({5: 0}, soon), soon)
    assert choice.format == 4
    assert choice.hear(acks({5: 0}, later), later)
    assert choice.format == 5


def test_no_edge_at_all_changes_nothing() -> None:
    choice = Choice()
    choice.hear(acks({5: 0}), NOW)
    assert not choice.hear([], NOW)
    assert not choice.hear(acks({4: HEARD_MS + 1}), NOW)
    assert choice.format == 5
