"""A bound on what a Redis server can make its client hold in memory.

A reply is in memory as a whole, twice: as octets and as objects. What a well-behaved server sends
is bounded by what is asked for (GETRANGE, COUNT), but a server that was taken over, or one with
data that nobody expected, sends what it likes. So a reply that is longer than was agreed ends the
connection. What it would have said is lost, and the caller tries again as after any other failure.
"""

import socket
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis._parsers.resp2 import _RESP2Parser
from redis._parsers.socket import SocketBuffer

MAX_REPLY_OCTETS = 4 * 1024 * 1024
"""64 values of 64 KiB: more than any reply to an edge has."""

MAX_LINE_READS = 64
"""Reads from the socket for one line: it is a number or an error message, which comes in one or
two. So many reads of 64 KiB have MAX_REPLY_OCTETS."""

ELEMENT_OCTETS = 32
"""What an element of a reply counts beside its octets: it is an object, however short it is."""


class _BoundedBuffer(SocketBuffer):
    """What has come of the replies; `allowed` is what the one that is being read may still have."""

    allowed = MAX_REPLY_OCTETS
    _line_reads = 0

    def read(self, length: int, *args: Any, **kwargs: Any) -> bytes:
        self._take(length)
        return super().read(length, *args, **kwargs)

    def readline(self, *args: Any, **kwargs: Any) -> bytes:
        self._line_reads = 0
        self._take(ELEMENT_OCTETS)
        return super().readline(*args, **kwargs)

    def _read_from_socket(self, length: int | None = None, *args: Any, **kwargs: Any) -> bool:
        if length is None:
            self._line_reads += 1
            if self._line_reads > MAX_LINE_READS:
                raise _too_long()
        return super()._read_from_socket(length, *args, **kwargs)

    def _take(self, octets: int) -> None:
        self.allowed -= octets
        if self.allowed < 0:
            raise _too_long()


class BoundedParser(_RESP2Parser):
    """The parser of the client library, for replies of MAX_REPLY_OCTETS at most."""

    _buffer: _BoundedBuffer | None

    def on_connect(self, connection: Any) -> None:
        super().on_connect(connection)  # type: ignore[no-untyped-call]
        own: socket.socket = connection._sock
        self._buffer = _BoundedBuffer(own, self.socket_read_size, connection.socket_timeout)

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        if self._buffer is not None:
            self._buffer.allowed = MAX_REPLY_OCTETS
        return super().read_response(*args, **kwargs)


def _too_long() -> RedisConnectionError:
    return RedisConnectionError(f"a reply of more than {MAX_REPLY_OCTETS} octets")
