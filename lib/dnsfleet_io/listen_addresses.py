"""Listen addresses: what `*` stands for, on a machine that speaks IPv6 and on one that does not.

DNS takes a socket for each family, so that queries are counted by family. HTTP takes one for both.
"""

import socket
from collections.abc import Iterable

Address = tuple[str, int]
"""A host, which is an IP address or EVERY_ADDRESS, and a port."""

EVERY_ADDRESS = "*"
"""All addresses that the machine has, of IPv4 and, where it speaks it, of IPv6."""

_IPV4, _IPV6 = "0.0.0.0", "::"  # noqa: S104 - asked for by name


def of_each_family(addresses: Iterable[Address]) -> list[Address]:
    """The addresses, with one for each family in the place of `*`."""
    every = [_IPV4, _IPV6] if socket.has_dualstack_ipv6() else [_IPV4]
    return [
        (found, port)
        for host, port in addresses
        for found in (every if host == EVERY_ADDRESS else [host])
    ]


def of_both_families(address: Address) -> Address:
    """The address, with one for both families in the place of `*`."""
    host, port = address
    if host != EVERY_ADDRESS:
        return address
    return (_IPV6 if socket.has_dualstack_ipv6() else _IPV4), port
