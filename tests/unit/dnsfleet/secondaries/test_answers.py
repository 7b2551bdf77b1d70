"""Which of several gates' answers counts."""

import pytest
from dnsfleet.secondaries import answers
from dnsfleet.secondaries.answers import UNASKED, Answer

OLD, NEW = Answer("serial", 5), Answer("serial", 9)
ERROR = Answer("error", problem="it answers REFUSED")
SILENCE = Answer("silence", problem="it does not answer")
UNKNOWN = Answer("unknown", problem="it has not answered a query for any zone yet")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], UNASKED),
        ([UNKNOWN], UNKNOWN),
        ([UNKNOWN, SILENCE], SILENCE),
        ([SILENCE, ERROR], ERROR),
        ([ERROR, OLD], OLD),
        ([OLD, NEW, SILENCE], NEW),
        ([Answer("serial", 2**32 - 1), Answer("serial", 3)], Answer("serial", 3)),
        ([ERROR, Answer("error", problem="it answers SERVFAIL")], ERROR),
    ],
)
def test_the_one_that_tells_most_counts(found: list[Answer], expected: Answer) -> None:
    assert answers.best(found) == expected
    assert answers.best(reversed(found)) == expected
