"""Cookie secrets: every edge accepts what any other makes, whenever each learns of a change."""

from collections.abc import Iterable
from itertools import accumulate

import pytest
from dnsfleet import cookies
from dnsfleet.cookies import Part, Secret
from hypothesis import given
from hypothesis import strategies as st

HOUR = 3600
DAY = 24 * HOUR
COOKIE_LIFE = HOUR
"""How long a cookie lives: in the engine, and in RFC 9018 section 4.3."""
A, B, C = (bytes([n]) * 16 for n in (1, 2, 3))


def current(octets: bytes, since: int) -> Secret:
    return Secret(Part.CURRENT, octets, since)


def following(octets: bytes, since: int) -> Secret:
    return Secret(Part.NEXT, octets, since)


def previous(octets: bytes, since: int) -> Secret:
    return Secret(Part.PREVIOUS, octets, since)


@pytest.mark.parametrize(
    ("what", "before", "now", "after"),
    [
        ("the first one is used at once", [], 7, [current(A, 7)]),
        ("nothing is due", [current(B, 5)], DAY + 4, [current(B, 5)]),
        ("a new one is accepted", [current(B, 5)], DAY + 5, [current(B, 5), following(A, DAY + 5)]),
        (
            "but not used",
            [current(B, 0), following(C, DAY)],
            DAY + HOUR - 1,
            [current(B, 0), following(C, DAY)],
        ),
        (
            "before all know it",
            [current(B, 0), following(C, DAY)],
            DAY + HOUR,
            [current(C, DAY + HOUR), previous(B, DAY + HOUR)],
        ),
        ("still accepted", [current(C, 0), previous(B, 0)], 7199, [current(C, 0), previous(B, 0)]),
        ("forgotten", [current(C, 0), previous(B, 0)], 7200, [current(C, 0)]),
        (
            "nobody came by for a week: one step",
            [current(B, 0), following(C, 1)],
            7 * DAY,
            [current(C, 7 * DAY), previous(B, 7 * DAY)],
        ),
        (
            "nor after that",
            [current(C, 0), previous(B, 0)],
            7 * DAY,
            [current(C, 0), following(A, 7 * DAY)],
        ),
        ("a clock that was ahead", [current(B, DAY)], 0, [current(B, 0)]),
    ],
)
def test_rotation(what: str, before: list[Secret], now: int, after: list[Secret]) -> None:
    assert cookies.rotate(before, now, A) == tuple(after), what


class History:
    """What the file held, and from when, if it is rotated at these moments."""

    def __init__(self, pauses: Iterable[int]) -> None:
        self._steps: list[tuple[int, list[bytes]]] = []
        secrets: tuple[Secret, ...] = ()
        for number, now in enumerate(accumulate(pauses, initial=0)):
            secrets = cookies.rotate(secrets, now, number.to_bytes(16, "big"))
            if not self._steps or cookies.for_engine(secrets) != self._steps[-1][1]:
                self._steps.append((now, cookies.for_engine(secrets)))

    def known(self, at: int) -> list[bytes]:
        """What an edge has that read the file at that moment."""
        return next(known for since, known in reversed(self._steps) if since <= max(at, 0))

    def moments(self) -> list[int]:
        return [since for since, _ in self._steps]

    def check(self, maker_late: int, judge_late: int, age: int) -> None:
        """Two edges read the file late; the other accepts what one made, after `age` seconds."""
        late = {0, maker_late - 1, maker_late, judge_late - age, judge_late - age - 1}
        for at in {max(0, since + after) for since in self.moments() for after in late}:
            assert self.known(at - maker_late)[0] in self.known(at + age - judge_late)


LATEST = cookies.STAGE_SECONDS - 1
LATENESS = (0, LATEST // 2, LATEST)


@pytest.mark.parametrize("maker_late", LATENESS)
@pytest.mark.parametrize("judge_late", LATENESS)
@pytest.mark.parametrize("age", [0, COOKIE_LIFE // 2, COOKIE_LIFE])
def test_edges_accept_what_others_make(maker_late: int, judge_late: int, age: int) -> None:
    history = History([60] * (3 * DAY // 60))
    assert len(history.moments()) > 6
    history.check(maker_late, judge_late, age)


@given(
    st.lists(st.integers(1, 30 * HOUR), max_size=40),
    st.integers(0, LATEST),
    st.integers(0, LATEST),
    st.integers(0, COOKIE_LIFE),
)
def test_also_when_secrets_are_rotated_at_odd_times(
    pauses: list[int], maker_late: int, judge_late: int, age: int
) -> None:
    History(pauses).check(maker_late, judge_late, age)


def test_one_who_comes_by_every_five_minutes_replaces_secrets_in_time() -> None:
    secrets: tuple[Secret, ...] = ()
    first_used: dict[bytes, int] = {}
    for now in range(0, 30 * DAY, 300):
        before = secrets
        secrets = cookies.rotate(before, now, now.to_bytes(16, "big"))
        made_with = cookies.for_engine(secrets)[0]
        first_used.setdefault(made_with, now)
        assert now - first_used[made_with] <= 26 * HOUR
        assert len(secrets) <= 2
        if secrets == before:
            assert cookies.rotate(secrets, now, A) == secrets
    assert len(first_used) == 29


def test_the_file_is_read_as_it_is_written() -> None:
    secrets = (current(A, 5), previous(B, 1_800_000_000))
    text = cookies.to_text(secrets)
    assert text == f"current {'01' * 16} 5\nprevious {'02' * 16} 1800000000\n"
    assert cookies.parse(text) == secrets


def test_the_engine_makes_cookies_with_the_first() -> None:
    assert cookies.for_engine([previous(B, 1), current(A, 1), following(C, 1)]) == [A, B, C]


LINE = "line 1: write current, next or previous, 32 hexadecimal digits and a Unix time"
PARTS = "write one current secret, and at most one next and one previous"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", PARTS),
        (f"next {'00' * 16} 1", PARTS),
        (f"current {'00' * 16} 1\ncurrent {'01' * 16} 1", PARTS),
        (f"current {'00' * 16} 1\nnext {'01' * 16} 1\nnext {'02' * 16} 1", PARTS),
        (f"current {'00' * 16}", LINE),
        (f"used {'00' * 16} 1", LINE),
        (f"current {'00' * 15} 1", LINE),
        (f"current {'xx' * 16} 1", LINE),
        (f"current {'00' * 16} -1", LINE),
        (f"current {'00' * 16} soon", LINE),
        (f"current {'00' * 16} 1\n\n", "line 2"),
    ],
)
def test_a_bad_file_is_told(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        cookies.parse(text)


def test_a_secret_is_not_printed() -> None:
    assert repr(current(A, 1)) == str(current(A, 1)) == "Secret(current, since=1)"
