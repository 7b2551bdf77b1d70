"""Many queries to one server, as fast as Python sends octets; nothing is parsed."""

import socket
import struct
from collections.abc import Iterator, Sequence

# Queries under way at a time: few enough for every socket buffer.
WINDOW = 64
REPLY_SECONDS = 2
# A datagram may be dropped even on loopback; a server that is silent this often does not answer.
TRIES = 5
LARGEST = 65_535


def over_udp(address: tuple[str, int], queries: Sequence[bytes]) -> list[bytes]:
    """The replies in the order of the queries, whose IDs must differ inside a window."""
    replies: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(address)
        client.settimeout(REPLY_SECONDS)
        for window in _windows(queries):
            replies += _exchange(client, window)
    return replies


def over_tcp(address: tuple[str, int], queries: Sequence[bytes]) -> list[bytes]:
    """As `over_udp`, on one connection; replies may come in any order (RFC 7766 section 7)."""
    replies: list[bytes] = []
    with (
        socket.create_connection(address, REPLY_SECONDS) as client,
        client.makefile("rb", buffering=LARGEST) as stream,
    ):
        for window in _windows(queries):
            client.sendall(b"".join(struct.pack("!H", len(query)) + query for query in window))
            found = {}
            for _ in window:
                (length,) = struct.unpack("!H", stream.read(2))
                reply = stream.read(length)
                found[reply[:2]] = reply
            replies += [found[query[:2]] for query in window]
    return replies


def _exchange(client: socket.socket, window: Sequence[bytes]) -> list[bytes]:
    waiting = {query[:2]: query for query in window}
    found: dict[bytes, bytes] = {}
    for _ in range(TRIES):
        for query in waiting.values():
            client.send(query)
        try:
            while waiting:
                reply = client.recv(LARGEST)
                if waiting.pop(reply[:2], None):
                    found[reply[:2]] = reply
        except TimeoutError:
            continue
        return [found[query[:2]] for query in window]
    raise AssertionError(
        f"no reply to {len(waiting)} queries, first {next(iter(waiting.values()))!r}"
    )


def _windows(queries: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(queries), WINDOW):
        yield queries[start : start + WINDOW]
