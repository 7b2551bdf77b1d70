"""How long to wait until something that failed is tried again."""

import math
import random
import time


class Backoff:
    """Each failure in a row doubles the wait, up to a limit.

    Up to half of it is left out at random, so that many who lost the same server do not come back
    at the same moments.
    """

    def __init__(self, first: float, longest: float) -> None:
        """The waits, in seconds."""
        self._first, self._longest = first, longest
        self._next = first

    def failed(self) -> float:
        """Seconds to wait after one more failure."""
        wait, self._next = self._next, min(2 * self._next, self._longest)
        return wait * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret

    def worked(self) -> None:
        """The next failure is the first one again."""
        self._next = self._first


class Pauses:
    """Between the attempts to reach a server, of whichever of its clients share them."""

    def __init__(self, first: float, longest: float) -> None:
        """The pauses, in seconds; only what lasts longer than the longest one has worked."""
        self._backoff, self._longest = Backoff(first, longest), longest
        self._not_before = -math.inf

    def left(self) -> float:
        """Seconds until the next attempt may be made."""
        return max(0.0, self._not_before - time.monotonic())

    def ended(self, began: float) -> None:
        """The server ended an attempt, or what it led to, that began then (`time.monotonic`)."""
        now = time.monotonic()
        if now - began > self._longest:
            self._backoff.worked()
        else:
            self._not_before = now + self._backoff.failed()
