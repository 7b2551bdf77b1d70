"""The addresses of one cluster. Several on one machine have numbers, and share no address."""

from dataclasses import dataclass

_FIRST = 77
_RANGES = 3
"""Ranges of 65,536 addresses that each cluster takes: 10.77.0.0/16 and the next ones."""


@dataclass(frozen=True)
class Network:
    """The addresses of the cluster of this number, which begins at 0."""

    number: int = 0

    @property
    def node(self) -> str:
        """The address of the node."""
        return f"10.{self._octet(0)}.0.2"

    @property
    def client(self) -> str:
        """Where the node's link ends, and who routes for it."""
        return f"10.{self._octet(0)}.0.1"

    @property
    def pods(self) -> str:
        """The range of the pods."""
        return f"10.{self._octet(1)}.0.0/16"

    @property
    def services(self) -> str:
        """The range of the Services."""
        return f"10.{self._octet(2)}.0.0/16"

    @property
    def api_service(self) -> str:
        """That of the Service `kubernetes`: the API server gives it the first of the range."""
        return f"10.{self._octet(2)}.0.1"

    @property
    def link(self) -> str:
        """The name of the link to the node, where it ends."""
        return f"node{self.number}"

    def _octet(self, which: int) -> int:
        return _FIRST + self.number * _RANGES + which
