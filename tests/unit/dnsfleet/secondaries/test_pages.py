"""What gates tell of secondaries, and what nobody should believe."""

import json

import pytest
from dnsfleet.secondaries import pages
from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.secondaries.pages import MAX_ROWS, Page
from dnsfleet.tsig_keys import Target

PAIR = Pair("example.com.", Target("2001:db8::1", 53))
ROW = pages.row(PAIR, Answer("serial", 7))


def text(**changed: object) -> bytes:
    fields = {"instance": "a", "position": 3, "more": False, "rows": [ROW]}
    return json.dumps({**fields, **changed}).encode()


def test_what_is_told_is_read() -> None:
    page = Page(instance="a", position=3, more=False, rows=[ROW])
    found = pages.decode(page.model_dump_json().encode())
    assert found == page
    assert found.answers == {PAIR: Answer("serial", 7)}
    assert pages.decode(text()) == page


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        text(position=-1),
        text(instance=""),
        text(rows=[ROW] * (MAX_ROWS + 1)),
        text(rows=[[*ROW[:4], 2**32, ""]]),
        text(rows=[[*ROW[:3], "perhaps", 0, ""]]),
        text(rows=[["example.com.", "ns1.example.com", *ROW[2:]]]),
        text(rows=[[*ROW[:2], 0, *ROW[3:]]]),
        text(rows=[[*ROW[:5], "x" * 201]]),
        text(rows=[ROW[:5]]),
        text() + b" " * pages.MAX_OCTETS,
    ],
)
def test_what_is_no_page_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError):
        pages.decode(wrong)
