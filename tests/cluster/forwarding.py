"""Forwards a loopback port of this machine to the node: `forwarding.py DESCRIPTOR HOST PORT`.

The listening socket was made outside and is inherited, so it stays on the loopback of this
machine; the process runs on the node, so what it connects to is the node's. Nothing else is shared
between the two networks.
"""

import asyncio
import socket
import sys

BLOCK_OCTETS = 64 * 1024


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while block := await reader.read(BLOCK_OCTETS):
            writer.write(block)
            await writer.drain()
    except ConnectionError:
        pass  # the other end learns of it by the close below
    finally:
        writer.close()


async def _forward(descriptor: int, host: str, port: int) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()  # the API server is down: the client sees a closed connection
            return
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    listening = socket.socket(fileno=descriptor)
    async with await asyncio.start_server(accept, sock=listening) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_forward(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
