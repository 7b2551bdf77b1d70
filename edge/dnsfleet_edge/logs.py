"""Logs: one event a line on standard error, `key=value` throughout."""

import json
import logging
import string
import sys
import time

_PLAIN = frozenset(string.ascii_letters + string.digits + ".,:;/@_+-*#[]()<>")


def line(event: str, **fields: object) -> str:
    """`event=… key=value …`; a value with blanks or quotes is written as a JSON string."""
    return " ".join(f"{key}={_value(value)}" for key, value in {"event": event, **fields}.items())


def _value(value: object) -> str:
    text = str(value)
    return text if text and _PLAIN.issuperset(text) else json.dumps(text)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        text = f"time={stamp}.{int(record.msecs):03d}Z level={record.levelname.lower()} "
        text += record.getMessage()
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def configure() -> None:
    """Send everything from INFO up to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
