"""Logs: one event a line on standard error, in the form that is known as logfmt.

    time=2026-01-31T12:00:00.000Z level=info logger=dnsfleet_edge.edge event=ready source=disk
    time=2026-01-31T12:00:00.000Z level=warning logger=dnsfleet_operator.main msg="no answer"

A line is `key=value` throughout. Text that was not made by `line` is the value of `msg`, and the
traceback of an exception the value of `trace`. A value with blanks, quotes or anything but plain
ASCII is a JSON string, so no text from outside can end a line or add a field to it.
"""

import json
import logging
import string
import sys
import time

_PLAIN = frozenset(string.ascii_letters + string.digits + ".,:;/@_+-*#[]()<>")


class _Line(str):
    """Text that is `key=value` throughout already."""

    __slots__ = ()


def line(event: str, **fields: object) -> str:
    """The message of one log record: `event=… key=value …`."""
    return _Line(_pairs({"event": event, **fields}))


def configure() -> None:
    """Send everything from INFO up to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


class Formatter(logging.Formatter):
    """The line of one record."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        head = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        message = record.getMessage()
        said = record.msg if isinstance(record.msg, _Line) else _pairs({"msg": message})
        trace = {"trace": self.formatException(record.exc_info)} if record.exc_info else {}
        return " ".join(filter(None, [_pairs(head), said, _pairs(trace)]))


def _pairs(fields: dict[str, str] | dict[str, object]) -> str:
    return " ".join(f"{key}={_value(value)}" for key, value in fields.items())


def _value(value: object) -> str:
    text = str(value)
    return text if text and _PLAIN.issuperset(text) else json.dumps(text)
