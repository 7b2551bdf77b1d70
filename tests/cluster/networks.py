"""The addresses of one cluster. Several on one machine have numbers, and share no address."""

from dataclasses import dataclass

_FIRST = 77
_RANGES = 3
"""Ranges of 65,536 addresses that each cluster takes: 10.77.0.0/16 and the next ones."""
DNS = "169.254.20.10"
"""Where the DNS server of each node answers its pods: on that node alone, as NodeLocal DNSCache
does. So port 53 of the addresses of a node is free."""


@dataclass(frozen=True)
class Network:
    """The addresses of a node, the first or another one, in the cluster of this number.

    Both numbers begin at 0.
    """

    number: int = 0
    place: int = 0

    @property
    def node(self) -> str:
        """The address of the node."""
        return f"10.{self._octet(0)}.{self.place}.2"

    @property
    def client(self) -> str:
        """Where the node's link ends, and who routes for it."""
        return f"10.{self._octet(0)}.{self.place}.1"

    @property
    def api(self) -> str:
        """The address of the first node, which has the API server."""
        return Network(self.number).node

    @property
    def pods(self) -> str:
        """The range of the pods of this node; a kubelet runs 110 at most."""
        return f"10.{self._octet(1)}.{self.place}.0/24"

    @property
    def all_pods(self) -> str:
        """The range of the pods of all nodes."""
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
        return f"node{self.number}-{self.place}" if self.place else f"node{self.number}"

    def _octet(self, which: int) -> int:
        return _FIRST + self.number * _RANGES + which
