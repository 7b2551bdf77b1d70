"""Connections that are ended at once."""

import asyncio
from typing import cast

from dnsfleet_io.tcp_connections import Connection


class _LetGo(asyncio.Transport):
    """A TLS transport of Python 3.11.2 that was closed twice: it has no protocol any more."""

    def is_closing(self) -> bool:
        return True

    def close(self) -> None:
        """It is closed."""

    def abort(self) -> None:
        protocol = cast(asyncio.Transport, None)
        protocol.abort()


def test_one_that_python_has_let_go_of_is_ended_already() -> None:
    async def end() -> None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        Connection(reader, asyncio.StreamWriter(_LetGo(), protocol, reader, loop)).abort()

    asyncio.run(end())
