"""What a process logs is read again as it was meant."""

import logging

import pytest
from dnsfleet_io import log_reading
from dnsfleet_io.logs import Formatter, line
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True).filter(
    lambda name: name not in ("time", "level", "logger", "event", "msg", "traceback")
)


def written(message: str) -> str:
    record = logging.LogRecord("dnsfleet", logging.INFO, __file__, 1, message, None, None)
    record.created, record.msecs = 1.5, 500.0
    return Formatter(pop="fra").format(record)


@given(st.dictionaries(NAMES, st.text()))
def test_every_field_comes_back(fields: dict[str, str]) -> None:
    entry = log_reading.read(written(line("seen", **fields)))
    assert entry is not None
    head = {"time": "1970-01-01T00:00:01.500Z", "level": "info", "logger": "dnsfleet"}
    assert entry.fields == {**head, "pop": "fra", "event": "seen", **fields}
    assert (entry.at, entry.event) == (1.5, "seen")


@given(st.text())
def test_no_text_is_taken_for_fields(text: str) -> None:
    entry = log_reading.read(written(text))
    assert entry is not None
    assert entry.fields["msg"] == text
    assert entry.event == ""


@given(st.text())
def test_any_text_is_a_line_or_none(text: str) -> None:
    assert log_reading.read(text) is None or "time=" in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "event=told lsn=3",
        "time=yesterday event=told",
        'time=2026-01-31T12:00:00.000Z msg="unended',
        r'time=2026-01-31T12:00:00.000Z msg="\q"',
        "31196:M 29 Nov 2026 15:18:36.966 * Valkey is starting",
    ],
)
def test_text_in_another_form_is_no_line(text: str) -> None:
    assert log_reading.read(text) is None


@pytest.mark.parametrize(("text", "expected"), [("12", 12), ("-1", None), ("x", None), ("", None)])
def test_a_number_is_one_or_none(text: str, expected: int | None) -> None:
    entry = log_reading.read(written(line("told", lsn=text)))
    assert entry is not None
    assert entry.number("lsn") == expected
    assert entry.number("other") is None
