"""Logs: one event a line on standard error, in the form that is known as logfmt.

    time=2026-01-31T12:00:00.000Z level=info logger=dnsfleet_edge.edge event=ready source=disk
    time=2026-01-31T12:00:00.000Z level=warning logger=dnsfleet_operator.main msg="no answer"

A line is `key=value` throughout. Text that was not made by `line` is the value of `msg`, and that
of an exception the value of `traceback`. A value with blanks, quotes or anything but plain ASCII is
a JSON string, so no text from outside can end a line or add a field to it.

`log_setup` says where lines go, and `log_bounds` how many of one event; `log_reading` reads them.
"""

import json
import logging
import string
import time
from typing import Self

_PLAIN = frozenset(string.ascii_letters + string.digits + ".,:;/@_+-*#[]()<>")


class Line(str):
    """Text that is `key=value` throughout already, and what it was made of."""

    __slots__ = ("event", "fields")
    event: str
    fields: dict[str, object]

    @classmethod
    def of(cls, event: str, fields: dict[str, object]) -> Self:
        """The text of an event."""
        made = cls(_pairs({"event": event, **fields}))
        made.event, made.fields = event, fields
        return made


def line(event: str, **fields: object) -> str:
    """The message of one log record: `event=… key=value …`."""
    return Line.of(event, fields)


class Formatter(logging.Formatter):
    """The line of one record."""

    def __init__(self, **everywhere: str) -> None:
        """`everywhere` are fields of every line, such as the names of the process."""
        super().__init__()
        self._everywhere = everywhere

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        head = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            **self._everywhere,
        }
        message = record.getMessage()
        said = record.msg if isinstance(record.msg, Line) else _pairs({"msg": message})
        error = record.exc_info
        traceback = {"traceback": self.formatException(error)} if error else {}
        return " ".join(filter(None, [_pairs(head), said, _pairs(traceback)]))


def _pairs(fields: dict[str, str] | dict[str, object]) -> str:
    return " ".join(f"{key}={_value(value)}" for key, value in fields.items())


def _value(value: object) -> str:
    text = str(value)
    return text if text and _PLAIN.issuperset(text) else json.dumps(text)
