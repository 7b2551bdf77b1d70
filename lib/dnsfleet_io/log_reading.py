"""Reads the lines that `logs` writes."""

import json
import re
from datetime import UTC, datetime
from typing import NamedTuple

_PAIR = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: |$)')
_NUMBER = re.compile(r"[0-9]{1,18}")
_STAMP = "%Y-%m-%dT%H:%M:%S.%fZ"


class Entry(NamedTuple):
    """One line."""

    at: float
    """Unix time in seconds, of the clock of whoever wrote it."""
    fields: dict[str, str]
    """All of them, the time too."""

    @property
    def event(self) -> str:
        """Empty for text that has none."""
        return self.fields.get("event", "")

    def number(self, name: str) -> int | None:
        """A field that is a whole number; None where it is none."""
        text = self.fields.get(name, "")
        return int(text) if _NUMBER.fullmatch(text) else None


def read(text: str) -> Entry | None:
    """One line without its end; None for text in another form."""
    fields: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _PAIR.match(text, position)
        if found is None:
            return None
        key, value = found.groups()
        try:
            fields[key] = json.loads(value) if value.startswith('"') else value
        except ValueError:
            return None
        position = found.end()
    try:
        stamp = datetime.strptime(fields["time"], _STAMP).replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return None
    return Entry(stamp.timestamp(), fields)
