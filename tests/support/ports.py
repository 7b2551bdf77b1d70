"""Loopback ports for servers that must find the same one free again after a restart."""

import random
import socket

# Below the ports that Linux gives to outgoing connections.
_RANGE = (10000, 19999)

_given: set[int] = set()
"""What this process gave away: a server may start later, or again, so no port comes twice."""


def free_port() -> int:
    """A port of 127.0.0.1 that is free over TCP and UDP."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of `count` such ports in a row."""
    low, high = _RANGE
    while True:
        first = random.randint(low, high + 1 - count)
        ports = range(first, first + count)
        if _given.isdisjoint(ports) and all(map(_is_free, ports)):
            _given.update(ports)
            return first


def _is_free(port: int) -> bool:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
