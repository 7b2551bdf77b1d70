"""A socket for datagrams, whose replies leave from the address that was asked.

A machine has several addresses, and behind `*` the kernel would choose one of them by its routes. A
client that asked another one would not take the reply. So the kernel says with each datagram to
which address it came (IP_PKTINFO, RFC 3542 section 6.2), and is told the same with the reply. The
transport of asyncio cannot do that.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

MAX_OCTETS = 65535
_IP_PKTINFO = 8
"""Of Linux; Python 3.11 does not name it."""
_PKTINFO4 = struct.Struct("@i4s4s")
"""Interface, the local address, and the one in the header of the datagram."""
_PKTINFO6 = struct.Struct("@16sI")
"""The local address, and the interface."""
_CONTROL_OCTETS = socket.CMSG_SPACE(_PKTINFO6.size)
_ANY_INTERFACE = 0
"""The routes choose it: the reply may take another way than the request."""

Send = Callable[[bytes], None]
Control = list[tuple[int, int, bytes]]


class Datagrams:
    """Bound from the beginning until `close`. For the thread of the event loop."""

    def __init__(self, host: str, port: int, heard: Callable[[bytes, str, Send], None]) -> None:
        """`heard` gets a message, the address that it is from, and what sends a reply there.

        OSError where the address cannot be bound.
        """
        is_ipv6 = ":" in host
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(
            socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM
        )
        try:
            if is_ipv6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            else:
                self._socket.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
            self._socket.setblocking(False)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._readable)

    def close(self) -> None:
        """Hear nothing more; replies that come later are dropped."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _readable(self) -> None:
        """Take one datagram, so that others have their turn before the next one."""
        try:
            wire, control, _, client = self._socket.recvmsg(MAX_OCTETS, _CONTROL_OCTETS)
        except OSError:  # there is none, or a client of an earlier reply was not there
            return
        self._heard(wire, str(client[0]), partial(self._send, _from_same(control), client))

    def _send(self, control: Control, client: Any, reply: bytes) -> None:
        with contextlib.suppress(OSError):  # where it cannot be sent now, it is lost
            self._socket.sendmsg([reply], control, 0, client)


def _from_same(control: Control) -> Control:
    """What has a reply leave from the address that a datagram came to."""
    for level, kind, data in control:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            _, local, _ = _PKTINFO4.unpack(data)
            return [(level, kind, _PKTINFO4.pack(_ANY_INTERFACE, local, bytes(4)))]
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            local, _ = _PKTINFO6.unpack(data)
            return [(level, kind, _PKTINFO6.pack(local, _ANY_INTERFACE))]
    return []
