"""Tells when the signatures of a zone that is served are near their end, or not valid.

Each level is told once, when a zone comes with it or comes to it. Nothing is stopped by that (see
`dnsfleet.zones.signatures`).
"""

from collections.abc import Callable

from dnsfleet.violations import Violation
from dnsfleet.zones import signatures
from dnsfleet.zones.signature_watch import SignatureWatch
from dnsfleet_engine import Zone


class SignatureWarnings:
    """The signed zones among those that are served. Times are Unix time in seconds."""

    def __init__(self, tell: Callable[[Violation], None]) -> None:
        self._tell = tell
        self._watch = SignatureWatch()

    def served(self, origin: str, zone: Zone | None, now: float) -> None:
        """This zone is served from now on, None: none any more; tells what is new about it."""
        before = self._watch.get(origin)
        self._watch.put(origin, None if zone is None else signatures.period(zone, now), now)
        known = self._watch.get(origin)
        if known is not None and (before is None or before.level is not known.level):
            self._tell_level(origin)

    def look(self, now: float) -> None:
        """Tell of the zones that have come to another level."""
        for origin in self._watch.look(now):
            self._tell_level(origin)

    def _tell_level(self, origin: str) -> None:
        known = self._watch.get(origin)
        if known is not None and (found := signatures.warning(*known, origin)) is not None:
            self._tell(found)
