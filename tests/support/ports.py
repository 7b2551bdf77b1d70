"""Loopback ports for servers that must find the same one free again after a restart."""

import os
import random
import socket

# Below the ports that Linux gives to outgoing connections. Processes that share a run of the tests
# each have a part of them: what one has given away looks free until a server listens there.
_SHARES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_SHARE = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_RANGE = (10000 + 10000 * _SHARE // _SHARES, 9999 + 10000 * (_SHARE + 1) // _SHARES)

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
