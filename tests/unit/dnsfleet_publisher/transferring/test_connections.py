"""What is read of a server that sends faster than anybody looks at it."""

import asyncio

import pytest
from dnsfleet_publisher.transferring import connections

SIZE = 1000


@pytest.mark.parametrize(("sent", "most", "kept"), [(50, 20 * SIZE, 20), (5, 20 * SIZE, 5)])
def test_no_more_waits_than_a_transfer_may_have(sent: int, most: int, kept: int) -> None:
    waiting: asyncio.Queue[bytes | connections._End] = asyncio.Queue(connections.MAX_WAITING)

    async def read() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data((SIZE.to_bytes(2) + bytes(SIZE)) * sent)
        reader.feed_eof()
        await connections._read(reader, waiting, most)

    asyncio.run(read())
    found = [waiting.get_nowait() for _ in range(waiting.qsize())]
    assert [len(each) for each in found[:-1] if isinstance(each, bytes)] == [SIZE] * kept
    end = found[-1]
    assert isinstance(end, connections._End)
    too_many = "more than 20000 octets came after 7 records; no zone may have so many"
    assert (str(end.fault(7)) == too_many) == (sent > kept)
