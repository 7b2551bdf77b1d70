"""Why the core does not do what it is asked: what looks, which read, and passes, which write, met.

Either can fail alone: a core whose disk is full answers and takes nothing. Of what one of them met
the first reason stays until it succeeds again: the next ones only say that it is still so.
"""

import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Outage:
    """What was met last."""

    def __init__(self, available: Callable[[bool], None]) -> None:
        """`available` hears after each look and pass whether the core does what it is asked."""
        self._available = available
        self._look: str | None = None
        self.of_passes = ""
        """Why the last pass failed; empty where it did not."""

    def looked(self, error: str) -> bool:
        """A look ended, with an error or, if it is empty, well; whether an outage ends by that."""
        ended, before = bool(self._look) and not error, self.reason
        self._look = (self._look or error) if error else ""
        self._tell(before)
        return ended

    def passed(self, error: str) -> None:
        """A pass ended, with an error or, if it is empty, well."""
        before = self.reason
        self.of_passes = (self.of_passes or error) if error else ""
        self._tell(before)

    @property
    def reason(self) -> str | None:
        """Empty for no outage; None where nobody asked yet."""
        return self.of_passes or self._look

    def _tell(self, before: str | None) -> None:
        self._available(not self.reason)
        if before and not self.reason:
            _log.info("the core is available again")
