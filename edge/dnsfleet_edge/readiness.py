"""Whether this edge should get queries, and why not.

    waiting ──ready()──▶ ready ──drain()──▶ draining
       └──────────────drain()──────────────────▲

There is no way back from ready to waiting: an edge that has its zones needs nothing else to answer,
so the loss of the replica, the core or the disk never takes it out of service.
"""

from typing import NamedTuple


class Verdict(NamedTuple):
    ready: bool
    reason: str
    """Why not; for a ready edge, where its zones came from."""


class Readiness:
    """Written by the threads that start and stop the edge, read by any."""

    def __init__(self) -> None:
        self._phase = "waiting"
        self._verdict = Verdict(False, "starting")

    @property
    def verdict(self) -> Verdict:
        return self._verdict

    @property
    def draining(self) -> bool:
        """Whether the edge was told to stop."""
        return self._phase == "draining"

    def waiting(self, reason: str) -> None:
        """Say what a start still needs; without effect once the edge is ready or draining."""
        if self._phase == "waiting":
            self._verdict = Verdict(False, reason)

    def ready(self, reason: str) -> None:
        """All zones are loaded and the sockets are bound; without effect while draining."""
        if self._phase == "waiting":
            self._phase = "ready"
            self._verdict = Verdict(True, reason)

    def drain(self) -> None:
        """The edge was told to stop; it answers for a while, but should get no new clients."""
        self._phase = "draining"
        self._verdict = Verdict(False, "draining: told to stop")
