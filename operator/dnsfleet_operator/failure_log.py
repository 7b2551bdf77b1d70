"""Why passes and looks fail, in the log: each reason once, and then once in a while.

One cause makes many of them fail, each again and again: while the core is away a look a second
does, and every pass. All of them say the same, so the log has it once for all that failed by it.
When the last of these succeeded it is forgotten, and is news when it comes again.
"""

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

AGAIN_SECONDS = 300.0
"""Until a reason that goes on is told again: whoever reads the newest lines is to find it."""

_log = logging.getLogger(__name__)


@dataclass
class _Told:
    """A reason that was told."""

    at: float
    since: int = 0
    """How often it was met since then."""
    failing: set[Hashable] = field(default_factory=set)
    """What fails by it."""


class FailureLog:
    """What was told and is not over. One thread uses it."""

    def __init__(
        self,
        foreseen: tuple[type[Exception], ...],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Errors that are not `foreseen` are logged with the place that they came from."""
        self._foreseen = foreseen
        self._clock = clock
        self._told: dict[str, _Told] = {}
        self._reasons: dict[Hashable, str] = {}

    def failed(self, what: Hashable, error: Exception) -> None:
        """Something failed; log why, unless that was done lately."""
        reason, now = str(error) or type(error).__name__, self._clock()
        if self._reasons.get(what) != reason:
            self.succeeded(what)
        self._reasons[what] = reason
        told = self._told.get(reason)
        if told is not None and now - told.at < AGAIN_SECONDS:
            told.since += 1
            told.failing.add(what)
            return
        times = "" if told is None else f"; {told.since + 1} times since that was told last"
        failing = set() if told is None else told.failing
        self._told[reason] = _Told(now, failing=failing | {what})
        trace = None if isinstance(error, self._foreseen) else error
        _log.warning("%s%s", reason, times, exc_info=trace)

    def succeeded(self, what: Hashable) -> None:
        """Something did not fail; a reason by which nothing fails any more is over."""
        reason = self._reasons.pop(what, None)
        if reason is None:
            return
        failing = self._told[reason].failing
        failing.discard(what)
        if not failing:
            del self._told[reason]

    def clear(self) -> None:
        """Nothing fails: another replica works now."""
        self._told.clear()
        self._reasons.clear()
