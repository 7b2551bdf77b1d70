"""NOTIFY from primaries (RFC 1996), passed on to whoever fetches zones from them.

A gate cannot fetch zones, nor has it the keys of primaries. It sends what came, as it came, to each
operator; the one that leads answers, with the reply for the primary (see
`dnsfleet_publisher.transferring.notifies`). Where none does, nothing is said, and the primary tries
again: it may have come while another operator takes the lead.
"""

import asyncio
import contextlib
import logging
import socket
import time

import dns.opcode
import dns.rcode
from dnsfleet_io.logs import line

from dnsfleet_gate import messages
from dnsfleet_gate.answering import Reply
from dnsfleet_gate.messages import FormError, Request
from dnsfleet_gate.signing import Signature

AT_ONCE = 64
"""Messages that wait for their answer; what is more is dropped, and sent again by its primary."""
TRY_SECONDS = (0.5, 1.5)
"""Until a message is sent once more, as datagrams get lost, and until that is over: primaries send
again after a few seconds."""
KNOWN_SECONDS = 5.0
"""How long the addresses of the operators are known: a new one is heard of as soon."""
FAILED_SECONDS = 1.0
"""After a look-up that failed: many messages must not be many queries to the DNS of the cluster."""
_MAX_OCTETS = 65535

log = logging.getLogger(__name__)


def signed_notify(wire: bytes) -> Request | None:
    """A request with the opcode NOTIFY and a TSIG; None for any other message."""
    if len(wire) < messages.HEADER or wire[2] >> 3 != dns.opcode.NOTIFY:
        return None
    try:
        request = messages.read(wire)
    except FormError:
        return None
    return request if request is not None and request.signed is not None else None


class Passing:
    """Passes NOTIFY on to a host and port. For the thread of the event loop."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._known: list[tuple[socket.AddressFamily, tuple[str, int]]] = []
        self._known_until = 0.0
        self._looking = asyncio.Lock()
        self._under_way = 0

    async def answer(self, request: Request, wire: bytes) -> Reply | None:
        """What the primary is told of a NOTIFY with these octets; None for nothing."""
        if self._under_way >= AT_ONCE:
            return None
        self._under_way += 1
        try:
            got = await self._ask(wire)
        except OSError as error:
            log.warning(line("notify_not_passed", problem=error.strerror or error))
            return None
        finally:
            self._under_way -= 1
        return None if got is None else _reply(request, got)

    async def _ask(self, wire: bytes) -> bytes | None:
        """What the operator that leads says; None where none does."""
        loop = asyncio.get_running_loop()
        found = await self._operators()
        if not found:
            return None
        family = found[0][0]
        with socket.socket(family, socket.SOCK_DGRAM) as made:
            made.setblocking(False)
            operators = {address for each, address in found if each == family}
            for seconds in TRY_SECONDS:
                for address in operators:
                    with contextlib.suppress(OSError):  # it is away, and another one leads
                        await loop.sock_sendto(made, wire, address)
                try:
                    async with asyncio.timeout(seconds):
                        while True:
                            got, sender = await loop.sock_recvfrom(made, _MAX_OCTETS)
                            if sender[:2] in operators and got:
                                return got
                except TimeoutError:
                    continue
        log.warning(line("notify_not_passed", problem="no operator answers"))
        return None

    async def _operators(self) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
        """Those that were there a moment ago, also where they cannot be looked up now."""
        async with self._looking:  # each look-up takes a thread, of which there are few
            if time.monotonic() >= self._known_until:
                loop = asyncio.get_running_loop()
                seconds = KNOWN_SECONDS
                try:
                    found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)
                    self._known = [(family, (str(at[0]), int(at[1]))) for family, *_, at in found]
                except OSError as error:
                    log.warning(line("notify_not_passed", problem=error.strerror or error))
                    seconds = FAILED_SECONDS
                self._known_until = time.monotonic() + seconds
        return self._known


def _reply(request: Request, got: bytes) -> Reply:
    error, wire = got[0], got[1:]
    if wire:
        return Reply(wire, wire[3] & 0xF, error)
    assert request.signed is not None  # noqa: S101 - see `signed_notify`
    signature = Signature(request.signed, None, error)
    made = messages.reply(request, dns.rcode.NOTAUTH)
    return Reply(signature.put(made, int(time.time())), dns.rcode.NOTAUTH, error)
