"""Sockets for what is asked of secondaries, whose replies are small.

A reply is read in the thread that transfers and answers, also one that somebody forged. Of 64 KiB
full of long compressed names that takes many seconds, so nothing of that size is read.
"""

import socket
from typing import Any, Self

import dns.asyncbackend
import dns.exception

MAX_OCTETS = 1232
"""Of a reply: a SOA with the name servers, their addresses and a signature is below that. It is
what resolvers take in a datagram."""


class _Socket:
    """One of dnspython, for datagrams or a stream, whose replies are small."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.family: socket.AddressFamily = inner.family

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._inner.close()

    async def sendto(self, *arguments: Any) -> Any:
        return await self._inner.sendto(*arguments)

    async def sendall(self, *arguments: Any) -> Any:
        return await self._inner.sendall(*arguments)

    async def recvfrom(self, size: int, timeout: float | None) -> Any:
        """A datagram, cut off where it is too large: then it is no message."""
        octets, client = await self._inner.recvfrom(size, timeout)
        return octets[:MAX_OCTETS], client

    async def recv(self, size: int, timeout: float | None) -> Any:
        """`size` is the length of the whole message, before anything of it is read."""
        if size > MAX_OCTETS:
            raise dns.exception.FormError(f"a reply of {size} octets")  # type: ignore[no-untyped-call]
        return await self._inner.recv(size, timeout)


class _Backend:
    """As `dns.asyncquery` takes it."""

    async def make_socket(self, *arguments: Any) -> _Socket:
        """Over UDP or TCP, of asyncio."""
        backend: Any = dns.asyncbackend.get_backend("asyncio")
        return _Socket(await backend.make_socket(*arguments))

    def datagram_connection_required(self) -> bool:
        return False


BACKEND: Any = _Backend()
"""For `backend` of the functions of `dns.asyncquery`."""
