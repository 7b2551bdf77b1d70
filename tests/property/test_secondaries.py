"""Whatever secondaries answer and whatever is published, what is said of them holds."""

from dnsfleet.secondaries import answers, standings
from dnsfleet.secondaries.answers import Answer
from dnsfleet.secondaries.standings import GRACE_SECONDS, Standing
from dnsfleet.zones import serials
from hypothesis import given
from hypothesis import strategies as st

NEAR = st.integers(0, 40)
ANSWERS = st.builds(lambda serial: Answer("serial", serial), NEAR) | st.sampled_from(
    [Answer("error", problem="e"), Answer("silence", problem="s"), Answer("unknown", problem="u")]
)


@given(
    st.lists(ANSWERS, min_size=1).flatmap(
        lambda each: st.tuples(st.just(each), st.permutations(each))
    ),
    st.integers(0, serials.MODULUS - 1),
)
def test_the_order_of_gates_does_not_matter(
    orders: tuple[list[Answer], list[Answer]], turn: int
) -> None:
    one, other = ([turned(each, turn) for each in found] for found in orders)
    assert answers.best(one) == answers.best(other) == answers.best([answers.best(one), *other])


def turned(answer: Answer, turn: int) -> Answer:
    """The same answer, somewhere else on the circle of serials."""
    if answer.kind != "serial":
        return answer
    return answer._replace(serial=(answer.serial + turn) % serials.MODULUS)


@given(st.lists(st.tuples(st.integers(0, 90), ANSWERS, st.integers(0, 3))))
def test_states_rest_on_what_was_seen(steps: list[tuple[int, Answer, int]]) -> None:
    standing, now, published = Standing(), 0, 1
    for seconds, answer, more in steps:
        now += seconds
        published += more
        standing = standing.after(answer, published, now)
        found = standings.observed(answer, published)
        if found == "Current":
            assert standing.state == "Current" and standing.goal is None
            continue
        assert standing.goal is not None
        due = standing.due(answer, published)
        if standing.state != found:
            assert due == standing.goal.since + GRACE_SECONDS > now
        else:
            assert due is None
