"""How a secondary stands, told step by step: the time, its answer, what is published, the state."""

import pytest
from dnsfleet.secondaries.answers import UNASKED, Answer
from dnsfleet.secondaries.standings import GRACE_SECONDS, Goal, Standing, State

REFUSED = Answer("error", problem="it answers REFUSED")
SILENCE = Answer("silence", problem="it does not answer")
Step = tuple[float, Answer | int, int, State]

TABLE: dict[str, list[Step]] = {
    "it is current at once": [(0, 5, 5, "Current")],
    "nothing is known before it was asked": [
        (0, UNASKED, 5, "Unknown"),
        (99, UNASKED, 5, "Unknown"),
    ],
    "a change leaves it behind for a moment": [
        (0, 5, 5, "Current"),
        (1, 5, 6, "Current"),
        (59, 5, 6, "Current"),
        (60, 6, 6, "Current"),
    ],
    "it stays behind": [
        (0, 5, 5, "Current"),
        (1, 5, 6, "Current"),
        (61, 5, 6, "Behind"),
        (70, 6, 6, "Current"),
    ],
    "later changes give it no more time": [
        (0, 5, 5, "Current"),
        (1, 5, 6, "Current"),
        (40, 5, 7, "Current"),
        (61, 5, 8, "Behind"),
    ],
    "it follows a zone that never stands still": [
        (0, 5, 6, "Unknown"),
        (20, 6, 8, "Current"),
        (50, 8, 11, "Current"),
        (90, 11, 15, "Current"),
        (149, 14, 20, "Current"),
        (150, 14, 20, "Behind"),
    ],
    "it catches up with a zone that never stands still": [
        (0, 5, 6, "Unknown"),
        (60, 5, 9, "Behind"),
        (100, 7, 12, "Behind"),
        (110, 12, 13, "Current"),
    ],
    "it is ahead": [(0, 9, 5, "Unknown"), (60, 9, 5, "Ahead"), (61, 9, 9, "Current")],
    "serials go around": [(0, 2**32 - 1, 1, "Unknown"), (60, 2**32 - 1, 1, "Behind")],
    "half way round is not behind": [(0, 2**31, 0, "Unknown"), (60, 2**31, 0, "Ahead")],
    "a restart is no news, silence is": [
        (0, 5, 5, "Current"),
        (1, SILENCE, 5, "Current"),
        (30, 5, 5, "Current"),
        (31, SILENCE, 5, "Current"),
        (91, SILENCE, 5, "Silent"),
        (92, REFUSED, 5, "Failing"),
        (93, 4, 5, "Behind"),
        (94, 5, 5, "Current"),
    ],
}


def answer(found: Answer | int) -> Answer:
    return Answer("serial", found) if isinstance(found, int) else found


@pytest.mark.parametrize("name", TABLE)
def test_states(name: str) -> None:
    standing = Standing()
    for now, found, published, expected in TABLE[name]:
        standing = standing.after(answer(found), published, now)
        assert (now, standing.state) == (now, expected)


def test_what_was_shown_before_stays_until_something_else_is_sure() -> None:
    shown = Standing("Silent")
    assert shown.after(Answer("serial", 4), 5, 0).state == "Silent"
    assert shown.after(Answer("serial", 5), 5, 0).state == "Current"


def test_it_is_due_when_its_time_is_over() -> None:
    behind = Answer("serial", 5)
    standing = Standing("Current").after(behind, 6, 100)
    assert standing.goal == Goal(6, 100)
    assert standing.due(behind, 6) == 100 + GRACE_SECONDS
    standing = standing.after(behind, 6, 100 + GRACE_SECONDS)
    assert standing.state == "Behind" and standing.due(behind, 6) is None
    assert Standing("Current").due(behind, 5) is None


def test_it_is_behind_since_what_it_lacks_was_published() -> None:
    standing = Standing().after(Answer("serial", 5), 5, 0)
    assert standing.seconds_behind(50) == 0
    standing = standing.after(Answer("serial", 5), 6, 100)
    assert standing.seconds_behind(130) == 30


def test_while_questions_wait_it_has_longer() -> None:
    standing = Standing().after(Answer("serial", 5), 5, 0)
    old = Answer("serial", 5)
    standing = standing.after(old, 6, 100)
    assert standing.due(old, 6, lag=50) == 150 + GRACE_SECONDS
    assert standing.after(old, 6, 149 + GRACE_SECONDS, lag=50).state == "Current"
    assert standing.after(old, 6, 150 + GRACE_SECONDS, lag=50).state == "Behind"
    assert standing.seconds_behind(130, lag=20) == 10
    assert standing.seconds_behind(130, lag=40) == 0
