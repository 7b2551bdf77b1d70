"""Serial arithmetic by the examples of RFC 1982 section 5, and the choice of the next serial."""

import pytest
from dnsfleet.zones import serials

NOW = 1_790_000_000
TOP = serials.MODULUS - 1


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1, 0, 1),
        (44, 0, 1),
        (100, 44, 1),
        (200, 100, 1),
        (0, TOP, 1),
        (5, TOP, 1),
        (0, 1, -1),
        (7, 7, 0),
        (serials.HALF, 0, None),
        (0, serials.HALF, None),
        (serials.HALF - 1, 0, 1),
        (serials.HALF + 1, 0, -1),
    ],
)
def test_compare(a: int, b: int, expected: int | None) -> None:
    assert serials.compare(a, b) == expected


@pytest.mark.parametrize(
    ("previous", "proposed", "expected"),
    [
        (None, None, NOW),
        (None, 0, NOW),
        (None, 2026010101, 2026010101),
        (NOW - 5, None, NOW),
        (NOW, None, NOW + 1),
        (NOW + 7, None, NOW + 8),
        (2026010101, 2026010102, 2026010102),
        (2026010101, 2026010101, 2026010102),
        (2026010105, 2026010101, 2026010106),
        (TOP, None, NOW),
        (5, None, NOW),
    ],
)
def test_next_serial(previous: int | None, proposed: int | None, expected: int) -> None:
    assert serials.next_serial(previous, NOW, proposed) == expected
