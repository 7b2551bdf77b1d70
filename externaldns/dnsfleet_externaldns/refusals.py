"""Tells what is refused: a line in the log when it is new, and a count as long as it lasts.

ExternalDNS asks for everything again every minute, so a line each time would bury the log.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from dnsfleet_io.logs import line

_log = logging.getLogger(__name__)


class Told(NamedTuple):
    """What is said of one refusal."""

    fields: dict[str, str]
    """Which endpoint or object it is about."""
    reason: str
    message: str


class Refusals:
    """What was told so far, by what it is about."""

    def __init__(self) -> None:
        self._told: dict[Any, Told] = {}

    def tell(self, event: str, found: Mapping[Any, Told]) -> None:
        """Log what is new of all that is refused now, by what it is about."""
        for subject, told in found.items():
            if self._told.get(subject) != told:
                fields: dict[str, str] = {**told.fields, "reason": told.reason}
                _log.warning(line(event, **fields, message=told.message))
        self._told = dict(found)

    def by_reason(self) -> Counter[str]:
        """How many there are of each reason."""
        return Counter(told.reason for told in self._told.values())
