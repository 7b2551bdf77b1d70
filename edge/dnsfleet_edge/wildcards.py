"""What stands for every address, on a machine that speaks IPv6 and on one that does not.

DNS takes a socket of each family, so that the engine counts them apart; HTTP takes one for both.
"""

import socket
from collections.abc import Iterable

from dnsfleet_edge.config import EVERY_ADDRESS

Address = tuple[str, int]
_IPV4, _IPV6 = "0.0.0.0", "::"  # noqa: S104 - asked for by name


def of_each_family(addresses: Iterable[Address]) -> list[Address]:
    """The addresses, with the wildcard of each family in the place of `*`."""
    wildcards = [_IPV4, _IPV6] if socket.has_dualstack_ipv6() else [_IPV4]
    return [
        (found, port)
        for host, port in addresses
        for found in (wildcards if host == EVERY_ADDRESS else [host])
    ]


def of_both_families(address: Address) -> Address:
    """The address, with one wildcard for all families in the place of `*`."""
    host, port = address
    if host != EVERY_ADDRESS:
        return address
    return (_IPV6 if socket.has_dualstack_ipv6() else _IPV4), port
