"""A question to a secondary, and its reply, over UDP or TCP.

Replies are small. Whoever may be the sender, nothing is read of a larger one.
"""

import asyncio
import socket
import struct
from ipaddress import ip_address

import dns.flags
import dns.message
from dnsfleet.tsig_keys import Target

from dnsfleet_gate import replies
from dnsfleet_gate.replies import Reply

MAX_OCTETS = 1232
"""Of a reply: a SOA with the name servers, their addresses and a signature is below that. It is
what resolvers take in a datagram."""
_LENGTH = struct.Struct("!H")


async def over_udp(query: dns.message.Message, target: Target, seconds: float) -> Reply:
    """The reply in a datagram.

    TimeoutError where none comes, OSError where nothing can be sent, DNSException for one that is
    too large, or that `replies.read` does not take.
    """
    loop = asyncio.get_running_loop()
    wire = query.to_wire()
    family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as made:
        made.setblocking(False)
        async with asyncio.timeout(seconds):
            await loop.sock_sendto(made, wire, tuple(target))
            while True:
                got, sender = await loop.sock_recvfrom(made, MAX_OCTETS + 1)
                if _is_from(sender, target):
                    _check_size(len(got))
                    return replies.read(got, query)


async def over_tcp(query: dns.message.Message, target: Target, seconds: float) -> Reply:
    """The reply over TCP; the same errors, and EOFError where the connection ends before."""
    wire = query.to_wire()
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(*target)
        try:
            writer.write(_LENGTH.pack(len(wire)) + wire)
            (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
            _check_size(length)
            got = await reader.readexactly(length)
        finally:
            writer.transport.abort()
    return replies.read(got, query)


async def over_either(query: dns.message.Message, target: Target, seconds: float) -> Reply:
    """The reply over UDP, or over TCP where that one is cut off; the same errors."""
    reply = await over_udp(query, target, seconds)
    return await over_tcp(query, target, seconds) if reply.flags & dns.flags.TC else reply


def _check_size(octets: int) -> None:
    if octets > MAX_OCTETS:
        raise replies.form_error(f"it has more than {MAX_OCTETS} octets")


def _is_from(sender: tuple[object, ...], target: Target) -> bool:
    address, port = str(sender[0]).partition("%")[0], sender[1]
    return (ip_address(address), port) == (ip_address(target.address), target.port)
