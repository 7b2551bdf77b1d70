"""Places for connections: how many, how many of one network, and who gives way.

Anybody may connect and say nothing for as long as a client may stand still. So where all places are
taken, a new connection gets that of the oldest one that has shown no key. Who has a key shows it at
once, and then keeps the place: to keep such a client out takes as many new connections as there are
places, within the moment until its first request is here.
"""

from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network

_IPV6_BITS = 64
"""Of the prefix that one network has: its machines use any address behind it (RFC 4291 section
2.5.4)."""

Network = IPv4Network | IPv6Network


class Place:
    """Of one connection."""

    def __init__(self, network: Network, close: Callable[[], None]) -> None:
        self.network = network
        self.close = close


class Places:
    """Not thread-safe."""

    def __init__(self, most: int, most_of_one: int) -> None:
        """So many in all, and of one network."""
        self._most, self._most_of_one = most, most_of_one
        self._taken: set[Place] = set()
        self._strangers: dict[Place, None] = {}
        """Those that have shown no key, the oldest first."""
        self._of_one: Counter[Network] = Counter()

    def take(self, client: str, close: Callable[[], None]) -> Place | None:
        """A place for a client with this IP address, or None; `close` ends its connection."""
        place = Place(_network(client), close)
        if self._of_one[place.network] >= self._most_of_one:
            return None
        if len(self._taken) >= self._most:
            if not self._strangers:
                return None
            oldest = next(iter(self._strangers))
            self.leave(oldest)
            oldest.close()
        self._taken.add(place)
        self._strangers[place] = None
        self._of_one[place.network] += 1
        return place

    def keep(self, place: Place) -> None:
        """It has shown a key."""
        self._strangers.pop(place, None)

    def leave(self, place: Place) -> None:
        """The connection is over; nothing where its place was given to another one before."""
        if place not in self._taken:
            return
        self._taken.remove(place)
        self._strangers.pop(place, None)
        self._of_one[place.network] -= 1
        if not self._of_one[place.network]:
            del self._of_one[place.network]


def _network(client: str) -> Network:
    """The address of an IPv4 client, or the network of an IPv6 client."""
    address = client.partition("%")[0]
    return ip_network(f"{address}/{_IPV6_BITS}" if ":" in address else address, strict=False)
