"""A relay on loopback in the place of a link between two servers: it can be slow, and be cut."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from typing import Any, Self

from support.ports import free_port

_PIECE_OCTETS = 16 * 1024
_WINDOW_OCTETS = 64 * 1024
"""Octets that the kernel holds on the way, so that a slow relay is soon felt."""
_SECONDS = 30.0


class Relay:
    """Carries connections to a port, for as long as the context lasts."""

    def __init__(self, target: int, octets_a_second: float | None = None) -> None:
        """What the target sends arrives at that rate, or at once."""
        self.port = free_port()
        self._target = target
        self._rate = octets_a_second
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """End every connection, and refuse others until `heal`."""
        self._do(self._cut())

    def heal(self) -> None:
        """Take connections again."""
        self._do(self._listen())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        far: asyncio.StreamWriter | None = None
        try:
            target = socket.socket()
            target.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW_OCTETS)
            target.setblocking(False)
            await self._loop.sock_connect(target, ("127.0.0.1", self._target))
            answers, far = await asyncio.open_connection(sock=target, limit=_PIECE_OCTETS)
            ways = [
                asyncio.create_task(_carry(reader, far, None)),
                asyncio.create_task(_carry(answers, writer, self._rate)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # the target is away, or the link was cut
        finally:
            self._open.discard(task)
            for each in (writer, far):
                if each is not None:
                    each.transport.abort()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float | None
) -> None:
    while data := await reader.read(_PIECE_OCTETS):
        writer.write(data)
        await writer.drain()
        if rate is not None:
            await asyncio.sleep(len(data) / rate)
