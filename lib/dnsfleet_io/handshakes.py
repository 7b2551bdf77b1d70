"""Who may be in a handshake: the connections that have not shown a certificate yet.

The port of the core is open to the world. Whoever connects and says nothing takes a place until
HANDSHAKE_SECONDS are over. There are HANDSHAKES places in all; when they are taken, others wait in
the kernel. One source has HANDSHAKES_OF_ONE of them; its next connections are closed at once. A
source is what one party gets easily: 256 addresses of IPv4, or a site of IPv6. Some give a /48 of
IPv6, which is 256 sites, to whoever asks; so these together have HANDSHAKES_OF_WIDE. A stranger at
one place keeps nobody out who comes from another one.
"""

import asyncio
import ipaddress
from collections import Counter

HANDSHAKES = 128
"""Each takes up to 300 kB: 40 MB of the 512 that the chart gives."""
HANDSHAKES_OF_ONE = 8
"""A Pop needs two, for its replica and its operator. Those of several Pops behind one address come
again within a second where they are too many at once."""
HANDSHAKES_OF_WIDE = 16
"""Two sites of one /48 are as free as one; a stranger needs eight of these to take all places."""
HANDSHAKE_SECONDS = 5.0
"""How long a handshake may take: two and a half round trips, and repeats on a bad link."""
PREFIX_IPV4, PREFIX_IPV6, PREFIX_IPV6_WIDE = 24, 56, 48

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Source = tuple[Network, ...]
"""Where an address belongs: its source, and for IPv6 the wide network around that."""


def source_of(address: str) -> Source:
    """Where an address belongs; a socket for both families gives those of IPv4 mapped."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return tuple(
                ipaddress.IPv6Network((int(found), prefix), strict=False)
                for prefix in (PREFIX_IPV6, PREFIX_IPV6_WIDE)
            )
        found = found.ipv4_mapped
    return (ipaddress.IPv4Network((int(found), PREFIX_IPV4), strict=False),)


class Handshakes:
    """The places."""

    def __init__(self, of_one: int = HANDSHAKES_OF_ONE, of_wide: int = HANDSHAKES_OF_WIDE) -> None:
        """`of_one` are those that one source may have, `of_wide` those of a wide network."""
        self._most = (of_one, of_wide)
        self._free = asyncio.Semaphore(HANDSHAKES)
        self._taken: Counter[Network] = Counter()
        self.taken = 0
        """How many connections have a place."""

    async def wait(self) -> None:
        """Wait until there is a place; the next `take` or `pass_on` is about that one."""
        await self._free.acquire()

    def pass_on(self) -> None:
        """Nobody came for the place that was waited for."""
        self._free.release()

    def take(self, source: Source) -> bool:
        """Give the place to a connection of this source; False where that has too many."""
        counts = (self._taken[network] for network in source)
        if any(count >= most for count, most in zip(counts, self._most, strict=False)):
            self._free.release()
            return False
        self._taken.update(source)
        self.taken += 1
        return True

    def end(self, source: Source) -> None:
        """A handshake came to its end, good or bad."""
        self._free.release()
        self.taken -= 1
        for network in source:
            self._taken[network] -= 1
            if not self._taken[network]:
                del self._taken[network]
