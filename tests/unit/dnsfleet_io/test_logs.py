"""A log record is one line of `key=value`, whatever module made it and whatever is in it."""

import logging
import sys

import pytest
from dnsfleet_io.logs import Formatter, line

HEAD = "time=1970-01-01T00:00:01.500Z level=warning logger=dnsfleet_following.link "


def written(message: str, *arguments: object, trace: bool = False) -> str:
    record = logging.LogRecord(
        "dnsfleet_following.link",
        logging.WARNING,
        __file__,
        1,
        message,
        arguments,
        sys.exc_info() if trace else None,
    )
    record.created, record.msecs = 1.5, 500.0
    text = Formatter().format(record)
    assert text.startswith(HEAD)
    return text.removeprefix(HEAD)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("example.com.", "example.com."),
        (42, "42"),
        ("192.0.2.1#53,::1#53", "192.0.2.1#53,::1#53"),
        ("", '""'),
        ("no answer", '"no answer"'),
        ('a "word"', r'"a \"word\""'),
        ("a=b", '"a=b"'),
        ("50% of %s", '"50% of %s"'),
        ("two\nlines", r'"two\nlines"'),
        ("escape \x1b[2J and \x7f", r'"escape \u001b[2J and \u007f"'),
        ("größe", r'"gr\u00f6\u00dfe"'),
    ],
)
def test_a_value_cannot_be_mistaken_for_another_field(value: object, expected: str) -> None:
    assert written(line("seen", what=value)) == f"event=seen what={expected}"


def test_text_of_a_library_is_the_value_of_msg() -> None:
    assert written("%s failed\nlevel=info", "it") == r'msg="it failed\nlevel=info"'


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (line("defect", zone="a."), "event=defect zone=a. traceback="),
        ("a defect", 'msg="a defect" '),
    ],
)
def test_a_traceback_stays_in_the_line(message: str, expected: str) -> None:
    try:
        {}["nobody foresaw it"]
    except KeyError:
        text = written(message, trace=True)
    assert text.startswith(expected)
    assert r"\nKeyError: 'nobody foresaw it'" in text
    assert "\n" not in text
