"""What changed after a position of a gate."""

from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.secondaries.pages import MAX_ROWS
from dnsfleet.tsig_keys import Target
from dnsfleet_gate.secondaries.rows import Rows

TARGET = Target("192.0.2.1", 53)


def pair(number: int) -> Pair:
    return Pair(f"{number}.example.", TARGET)


def serial(number: int) -> Answer:
    return Answer("serial", number)


def test_a_page_has_what_changed() -> None:
    rows = Rows("a")
    for number in range(3):
        rows.put(pair(number), serial(1))
    first = rows.page("", 0)
    assert (first.instance, first.position, first.more) == ("a", 3, False)
    assert list(first.answers) == [pair(0), pair(1), pair(2)]
    assert rows.page("a", 3).rows == []
    rows.put(pair(1), serial(1))
    assert rows.page("a", 3).rows == []
    rows.put(pair(1), serial(2))
    assert rows.page("a", 3).answers == {pair(1): serial(2)}
    assert rows.page("a", 4).rows == []
    assert list(rows.page("a", 0).answers) == [pair(0), pair(2), pair(1)]


def test_another_instance_begins_anew() -> None:
    rows = Rows("b")
    rows.put(pair(0), serial(1))
    assert rows.page("a", 700).answers == {pair(0): serial(1)}
    assert rows.page("b", 700).rows == []


def test_what_is_not_asked_for_is_not_told() -> None:
    rows = Rows("a")
    rows.put(pair(0), serial(1))
    rows.forget(pair(0))
    assert rows.page("a", 0).rows == []
    rows.put(pair(0), serial(1))
    assert rows.page("a", 1).answers == {pair(0): serial(1)}


def test_many_rows_come_a_page_at_a_time() -> None:
    rows = Rows("a")
    for number in range(2 * MAX_ROWS + 5):
        rows.put(pair(number), serial(1))
    found, after, more, pages = {}, 0, True, 0
    while more:
        page = rows.page("a", after)
        assert len(page.rows) <= MAX_ROWS
        found |= page.answers
        after, more, pages = page.position, page.more, pages + 1
    assert pages == 3 and after == len(found) == 2 * MAX_ROWS + 5
