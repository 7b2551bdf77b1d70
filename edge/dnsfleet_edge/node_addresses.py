"""The addresses of a node at which an edge answers.

They are looked up when the edge binds: a node may get one later, from a program that moves it
between nodes or announces it to the routers. The wildcard is never bound. It would take port 53 of
addresses that others serve, as a resolver on the node does at one of its own.
"""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address, ip_network

import dnsfleet_engine

NODE = "node"
"""Stands for addresses of the node in place of an address."""


def chosen(
    host_ips: Sequence[str],
    prefixes: Iterable[str],
    local: Callable[[], list[str]] = dnsfleet_engine.local_addresses,
) -> list[str]:
    """Those within the prefixes, all of `host_ips` where there are none.

    OSError, which says what the machine has, where none is within them.
    """
    networks = [ip_network(prefix) for prefix in prefixes]
    if not networks:
        return list(host_ips)
    known = local()
    found = [each for each in known if any(ip_address(each) in network for network in networks)]
    if not found:
        wanted, here = ", ".join(map(str, networks)), ", ".join(known)
        raise OSError(f"no address of this node is within {wanted}: it has {here}")
    return list(dict.fromkeys(found))
