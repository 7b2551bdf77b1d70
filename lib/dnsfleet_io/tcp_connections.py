"""TCP connections, as the tunnel opens, bounds and joins them."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from dnsfleet_io import listen_addresses

SILENT_SECONDS = 30
"""A connection ends when the other side has not been heard of for so long, and was asked: more than
ten repeats on a link of 300 ms that loses packets. Redis itself notices dead replicas sooner."""
PIECE_OCTETS = 256 * 1024
"""Octets that are read at once."""
CLOSE_SECONDS = 2.0
"""How long a TLS connection may take to end in good order."""


class Address(NamedTuple):
    """Where somebody listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """HOST:PORT, an IPv6 address in brackets; ValueError for anything else."""
        host, _, port = text.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            host = ""
        if not host or not (port.isascii() and port.isdecimal() and 0 < int(port) < 1 << 16):
            raise ValueError(f"{text!r} is not HOST:PORT")
        return cls(host, int(port))


class Connection(NamedTuple):
    """One that is open."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def abort(self) -> None:
        """End it at once."""
        # Python 3.11.2 lets go of the TLS layer where a transport is closed a second time, as one
        # is whose other side has ended, and then fails here. That one has been told to end.
        with contextlib.suppress(AttributeError):
            self.writer.transport.abort()


class WatchedProtocol(asyncio.StreamReaderProtocol):
    """Notices the end of the other side also while nobody reads."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self.gone = asyncio.Event()

    def eof_received(self) -> bool | None:
        self.gone.set()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        super().connection_lost(exc)


Guard = Callable[[bytes], Awaitable[None]]
"""Is awaited before a piece is passed on; whatever it raises ends the connection before that."""


async def unguarded(_: bytes) -> None:
    """Pass everything on."""


async def join(
    near: Connection, far: Connection, guard: Guard = unguarded, back: Guard = unguarded
) -> bool:
    """Carry octets both ways until either side ends; Redis knows no half-closed connections.

    `guard` is of what the near one sends, `back` of what comes back. Whether only the far one
    ended.
    """
    ways = [
        asyncio.create_task(_carry(near.reader, far.writer, guard)),
        asyncio.create_task(_carry(far.reader, near.writer, back)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        near_ended, far_ended = (way.done() for way in ways)
        async with asyncio.timeout(CLOSE_SECONDS):
            for each in (near, far):
                each.writer.close()
                await each.writer.wait_closed()
    except OSError:
        pass  # it ends all the same
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    return far_ended and not near_ended


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, guard: Guard) -> None:
    while data := await reader.read(PIECE_OCTETS):
        await guard(data)
        writer.write(data)
        await writer.drain()


def prepare(connection: socket.socket) -> None:
    """Have the kernel send at once, and end a connection whose other side is gone."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    third = SILENT_SECONDS // 3
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, third)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, third)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_SECONDS * 1000)


def listening(address: Address) -> socket.socket:
    """A socket that listens; one for both families where the host is `*`."""
    host, port = listen_addresses.of_both_families(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    made.setblocking(False)
    return made
