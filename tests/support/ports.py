"""Loopback ports for servers that must find the same one free again after a restart."""

import random
import socket

# Below what Linux hands to outgoing connections.
_RANGE = (10000, 19999)


def free_port() -> int:
    """A port of 127.0.0.1 that is free over TCP and UDP."""
    while True:
        port = random.randint(*_RANGE)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
