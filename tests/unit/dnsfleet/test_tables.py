"""Columns of text: what comes from outside moves no cursor and begins no line."""

from dnsfleet import tables

BAD = "late\x1b[2J\nPop fra is well"


def test_a_value_stays_in_its_cell() -> None:
    for shown in (tables.table(["A", "B"], [[1, BAD]]), tables.fields([("A", 1), ("B", BAD)])):
        assert len(shown.splitlines()) == 2
        assert "\x1b" not in shown
        assert "late\\x1b[2J\\nPop fra is well" in shown


def test_other_letters_than_those_of_english_stay() -> None:
    assert tables.table(["A"], [["Zürich"]]) == "A\nZürich"
