"""A reply that takes long to read holds up no transfer."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from dnsfleet.secondaries.answers import Pair
from dnsfleet.tsig_keys import Target, UsableKey
from dnsfleet_gate import exchanges, notifying
from dnsfleet_gate.secondaries import asking
from support.zones import make_zone

ORIGIN = "one.example."
LONG = b"\x01a" * 120 + b"\0"
LARGE, SMALL = 65_000, exchanges.MAX_OCTETS
LONGEST_SECONDS = 0.2
"""Of the processor; with all of its names a large reply takes 20, and a small one 0.5."""
SECONDS = 20.0


def reply(query: bytes, size: int, cut_off: bool = False) -> bytes:
    """Of `size` octets at most, with as many name servers of long names."""
    made = bytearray(query[:12])
    made[2] |= 0x84 | (0x02 if cut_off else 0)
    end = query.index(b"\0", 12) + 5
    made += query[12:end]
    pointer = struct.pack("!H", 0xC000 | len(made))
    made += LONG + struct.pack("!HHIH", 1, 1, 0, 4) + bytes(4)
    count = 1
    while len(made) + 14 <= size:
        made += pointer + struct.pack("!HHIH", 2, 1, count, 2) + pointer
        count += 1
    made[6:12] = struct.pack("!HHH", count, 0, 0)
    return bytes(made)


@contextmanager
def secondary(over_tcp: bool, size: int) -> Iterator[Target]:
    """One that answers everything with replies of this size."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))

        def datagrams() -> None:
            while (received := udp.recvfrom(65535))[0]:
                made = reply(received[0], 512 if over_tcp else size, cut_off=over_tcp)
                udp.sendto(made, received[1])

        def streams() -> None:
            while True:
                with tcp.accept()[0] as connection:
                    if not (head := connection.recv(2, socket.MSG_WAITALL)):
                        return
                    query = connection.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL)
                    made = reply(query, size)
                    connection.sendall(struct.pack("!H", len(made)) + made)

        threads = [threading.Thread(target=each) for each in (datagrams, streams)]
        for each in threads:
            each.start()
        yield Target("127.0.0.1", port)
        udp.sendto(b"", ("127.0.0.1", port))
        socket.create_connection(("127.0.0.1", port)).close()
        for each in threads:
            each.join()


def took(call: Callable[[], Awaitable[object]]) -> tuple[object, float]:
    """What came, and the seconds of this thread's processor."""

    async def run() -> object:
        async with asyncio.timeout(SECONDS):
            return await call()

    began = time.thread_time()
    return asyncio.run(run()), time.thread_time() - began


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("over_tcp", [False, True])
def test_a_reply_full_of_long_names_takes_no_time(over_tcp: bool, size: int) -> None:
    with secondary(over_tcp, size) as target:
        key = UsableKey("k.", "hmac-sha256", b"k" * 32, None, (target,))
        found, seconds = took(lambda: asking.ask(Pair(ORIGIN, target), key))
    assert isinstance(found, asking.Answer)
    assert found.kind == "error" and seconds < LONGEST_SECONDS


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_such_a_reply_to_notify_takes_no_time(size: int) -> None:
    with secondary(over_tcp=False, size=size) as target:
        key = UsableKey("k.", "hmac-sha256", b"k" * 32, None, (target,))
        pair = notifying._Pair(ORIGIN, target)
        problem, seconds = took(lambda: notifying._ask(pair, key, make_zone(ORIGIN)))
    assert problem and seconds < LONGEST_SECONDS
