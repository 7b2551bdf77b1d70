"""Asks a server for a zone over TCP. Seconds are bounded here, octets and records in `receiving`.

Messages are read while those before them are looked at, in a thread. A server need not wait for us:
Knot DNS closes a connection that has not taken what it wrote within half a second (its
tcp-io-timeout), and to look at what the system buffers of a large zone takes longer.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
from dnsfleet_io.tcp_connections import Address

from dnsfleet_publisher.transferring import receiving
from dnsfleet_publisher.transferring.receiving import Soa, Transfer, TransferFault

CONNECT_SECONDS = 10
"""For all addresses of the server: a few times what a lost SYN costs."""
NEXT_ADDRESS_SECONDS = 0.25
"""Until the next address is tried as well (RFC 8305 section 5)."""
SILENT_SECONDS = 30
"""For a whole message, so for 64 KiB at most: slower links carry no zones."""
MAX_WAITING = 16 * 1024
"""Messages that came and were not looked at yet; all octets of a transfer are bounded by itself."""
_MAX_MESSAGE = 2**16 - 1
BATCH = 16
"""Messages looked at in one go: a server may put each record into its own, and a thread costs more
than a record. Nothing stops the thread in between."""
MAX_SECONDS = 3600
"""For a whole transfer: the largest one that `receiving` takes needs half of it, 70 µs a record."""


class SilentServer(TransferFault):
    """A server that says nothing, so nothing about any zone."""


def run(address: Address, transfer: Transfer, seconds: float | None = None) -> None:
    """Carry out a transfer to its end; TransferFault where it does not come to it.

    It may take so many seconds; default: MAX_SECONDS.
    """
    asyncio.run(_run(address, transfer, MAX_SECONDS if seconds is None else seconds))


def ask_soa(address: Address, origin: str, key: dns.tsig.Key) -> Soa:
    """The SOA of a zone as a server has it, which has to sign it.

    TransferFault without one; SilentServer where nothing came.
    """
    query = dns.message.make_query(origin, dns.rdatatype.SOA, flags=0)
    query.use_tsig(key)
    wire = asyncio.run(_ask(address, query.to_wire(prepend_length=True)))
    try:
        # `multi` leaves it to us to miss a TSIG: else dnspython says that in words of its own.
        reply = dns.message.from_wire(wire, keyring=key, request_mac=query.mac, multi=True)
    except dns.exception.DNSException as error:
        raise TransferFault(receiving.unreadable(error, key, 0)) from None
    if not query.is_response(reply):
        raise TransferFault("the server answers another question; is that a DNS server?")
    if reply.rcode() != dns.rcode.NOERROR:
        raise TransferFault(receiving.refusal(reply.rcode(), key))
    if not reply.had_tsig:
        raise TransferFault(receiving.UNSIGNED)
    apex = dns.name.from_text(origin)
    found = reply.get_rrset(reply.answer, apex, dns.rdataclass.IN, dns.rdatatype.SOA)
    if found is None or not reply.flags & dns.flags.AA:
        raise TransferFault("the server has no authority for the zone, or it expired there")
    return Soa.of(found[0])


async def _ask(address: Address, wire: bytes) -> bytes:
    """The first message that answers."""
    reader, writer = await _connect(address)
    try:
        writer.write(wire)
        waiting: asyncio.Queue[bytes | _End] = asyncio.Queue(1)
        reading = asyncio.create_task(_read(reader, waiting, _MAX_MESSAGE))
        try:
            message = await waiting.get()
        finally:
            reading.cancel()
    finally:
        writer.transport.abort()
    if isinstance(message, _End):
        raise message.fault(0)
    return message


class _End(NamedTuple):
    """Why no more messages come, in the words around how many records came."""

    what: str
    why: str
    kind: type[TransferFault] = TransferFault

    def fault(self, records: int) -> TransferFault:
        return self.kind(f"{self.what} after {receiving.came(records)}{self.why}")


async def _run(address: Address, transfer: Transfer, seconds: float) -> None:
    """Ask, and feed the transfer until it ends; TransferFault if it does not."""
    async with _within(seconds, "the transfer does not end"):
        reader, writer = await _connect(address)
        waiting: asyncio.Queue[bytes | _End] = asyncio.Queue(MAX_WAITING)
        reading = asyncio.create_task(_read(reader, waiting, transfer.most_octets))
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
        async with _within(CONNECT_SECONDS, "no connection", SilentServer):
            return await asyncio.open_connection(
                *address, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS
            )
    except OSError as error:
        # asyncio puts the address where the system says why; numbers below 0 are of look-ups.
        number = error.errno or 0
        said = os.strerror(number) if number > 0 else _reason(error)
        raise TransferFault(f"no connection: {said}") from None


async def _read(
    reader: asyncio.StreamReader, waiting: asyncio.Queue[bytes | _End], most_octets: int
) -> None:
    """Put each message that comes, without its length, and at last why no more come.

    No more than `most_octets` are taken: who looks at them may be slower than who sends them.
    """
    end = _End("nothing more came", f" within {SILENT_SECONDS} seconds", SilentServer)
    left = most_octets
    try:
        while True:
            async with asyncio.timeout(SILENT_SECONDS):
                octets = await reader.readexactly(2)
                message = await reader.readexactly(int.from_bytes(octets))
            left -= len(message)
            if left < 0:
                end = _End(f"more than {most_octets} octets came", "; no zone may have so many")
                break
            await waiting.put(message)
    except TimeoutError:
        pass
    except asyncio.IncompleteReadError:
        end = _End("it broke off", ": the server closed the connection")
    except OSError as error:
        end = _End("it broke off", f": {_reason(error)}")
    await waiting.put(end)


@asynccontextmanager
async def _within(
    seconds: float, what: str, kind: type[TransferFault] = TransferFault
) -> AsyncIterator[None]:
    """A fault of this kind in place of a time-out."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise kind(f"{what} within {seconds} seconds") from None


def _reason(error: OSError) -> str:
    """What the system says, without errno and path."""
    return error.strerror or str(error)
