"""Fetches a zone from a server. Seconds are bounded here, octets and records in `receiving`.

Messages are read while those before them are looked at, in a thread. A server need not wait for us:
Knot DNS closes a connection that has not taken what it wrote within half a second (its
tcp-io-timeout), and to look at what the system buffers of a large zone takes longer.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from dnsfleet_io.tcp_connections import Address

from dnsfleet_cli.transferring import key_files
from dnsfleet_cli.transferring.receiving import Transfer, TransferFault
from dnsfleet_cli.troubles import Trouble, counted, reason
from dnsfleet_cli.up.addresses import text as shown

DNS_PORT = 53
CONNECT_SECONDS = 10
"""For all addresses of the server: a few times what a lost SYN costs."""
NEXT_ADDRESS_SECONDS = 0.25
"""Until the next address is tried as well (RFC 8305 section 5)."""
SILENT_SECONDS = 30
"""For a whole message, so for 64 KiB at most: slower links carry no zones."""
MAX_WAITING = 16 * 1024
"""Messages that came and were not looked at yet: 1 GiB at most, as much as a whole transfer."""
BATCH = 16
"""Messages looked at in one go: a server may put each record into its own, and a thread costs more
than a record. Nothing stops the thread in between."""
MAX_SECONDS = 3600
"""For a whole transfer: the largest one that `receiving` takes needs half of it, 70 µs a record."""


class Fetched(NamedTuple):
    """A zone as a server sent it."""

    text: bytes
    """A master file, a record a line, in the order of the transfer; the first line is empty."""
    source: str
    """For messages: which transfer it was."""
    left_out: int
    """Records outside of the zone, which no secondary takes."""


def fetch(server: str, origin: str, key_file: Path | None) -> Fetched:
    """The zone `origin`, absolute, as `server` has it; Trouble says why it cannot be had.

    `server` is an address or a name, with a port or without.
    """
    address = parse(server)
    key = None if key_file is None else key_files.read(key_file)
    source = f"AXFR of {origin} from {shown(*address)}"
    transfer = Transfer(origin, key)
    try:
        asyncio.run(_run(address, transfer))
    except TransferFault as fault:
        raise Trouble(f"{source}: {fault}") from None
    return Fetched(transfer.text, source, transfer.left_out)


def parse(text: str) -> Address:
    """SERVER, SERVER:PORT, [IPV6]:PORT or an IPv6 address alone; Trouble for anything else."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    has_port = ":" in bare and not _is_address(bare)
    try:
        return Address.parse(text if has_port else f"[{bare}]:{DNS_PORT}")
    except ValueError:
        raise Trouble(
            f"--axfr {text}: write SERVER, SERVER:PORT or [IPV6]:PORT, such as 192.0.2.1:53"
        ) from None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class _End(NamedTuple):
    """Why no more messages come, in the words around how many records came."""

    what: str
    why: str

    def fault(self, records: int) -> TransferFault:
        return TransferFault(f"{self.what} after {counted(records, 'record')}{self.why}")


async def _run(address: Address, transfer: Transfer) -> None:
    """Ask, and feed the transfer until it ends; TransferFault if it does not."""
    async with _within(MAX_SECONDS, "the transfer does not end"):
        reader, writer = await _connect(address)
        waiting: asyncio.Queue[bytes | _End] = asyncio.Queue(MAX_WAITING)
        reading = asyncio.create_task(_read(reader, waiting))
        try:
            writer.write(transfer.query)
            while not await asyncio.to_thread(_feed, transfer, await _batch(waiting)):
                pass
        finally:
            reading.cancel()
            writer.transport.abort()


def _feed(transfer: Transfer, batch: list[bytes | _End]) -> bool:
    """Whether the transfer ended with these messages; those behind its end do not count."""
    for message in batch:
        if isinstance(message, _End):
            raise message.fault(transfer.records)
        if transfer.feed(message):
            return True
    return False


async def _batch(waiting: asyncio.Queue[bytes | _End]) -> list[bytes | _End]:
    """What waits, once there is something."""
    batch = [await waiting.get()]
    while len(batch) < BATCH and not waiting.empty():
        batch.append(waiting.get_nowait())
    return batch


async def _connect(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        async with _within(CONNECT_SECONDS, "no connection"):
            return await asyncio.open_connection(
                *address, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS
            )
    except OSError as error:
        # asyncio puts the address where the system says why; numbers below 0 are of look-ups.
        number = error.errno or 0
        said = os.strerror(number) if number > 0 else reason(error)
        raise TransferFault(f"no connection: {said}") from None


async def _read(reader: asyncio.StreamReader, waiting: asyncio.Queue[bytes | _End]) -> None:
    """Put each message that comes, without its length, and at last why no more come."""
    end = _End("nothing more came", f" within {SILENT_SECONDS} seconds")
    try:
        while True:
            async with asyncio.timeout(SILENT_SECONDS):
                octets = await reader.readexactly(2)
                message = await reader.readexactly(int.from_bytes(octets))
            await waiting.put(message)
    except TimeoutError:
        pass
    except asyncio.IncompleteReadError:
        end = _End("it broke off", ": the server closed the connection")
    except OSError as error:
        end = _End("it broke off", f": {reason(error)}")
    await waiting.put(end)


@asynccontextmanager
async def _within(seconds: float, what: str) -> AsyncIterator[None]:
    """TransferFault in place of a time-out."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise TransferFault(f"{what} within {seconds} seconds") from None
