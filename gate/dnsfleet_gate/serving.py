"""The sockets of a gate: datagrams, and connections with their limits.

One thread runs all of it. A transfer makes its next message when the kernel has taken all of those
before. What the kernel keeps for the client is what lets both work at the same time: the client
reads from there while the next message is made. A client that stands still costs the kernel's
buffers, the rest of one message, and no time. Between two messages the others have their turn. What
a client may hold is bounded by how many connections there are, how many of one network (see
`places`), and how long one may stand still.
"""

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from dnsfleet_io import listen_addresses
from dnsfleet_io.logs import line

from dnsfleet_gate import answering
from dnsfleet_gate.answering import Outgoing, Reply, Transport, Update, Zones
from dnsfleet_gate.config import Config
from dnsfleet_gate.datagrams import Datagrams, Send
from dnsfleet_gate.messages import Request
from dnsfleet_gate.metrics import Metrics
from dnsfleet_gate.passing import Passing, signed_notify
from dnsfleet_gate.places import Place, Places
from dnsfleet_gate.signing import Keys
from dnsfleet_gate.updating.outcomes import Outcome

BACKLOG = 256
"""Connections that wait to be accepted."""
SEND_BUFFER = 256 * 1024
"""Octets of a connection that the kernel keeps: a few messages, which the client reads while the
next one is made. By itself the kernel would take megabytes for each."""
_LENGTH = struct.Struct("!H")
_RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: the end of a connection drops what the kernel has for it, and resets it."""

Later = Coroutine[Any, Any, Reply | None]
"""A reply that takes time, as others decide about it; None where nothing may be said."""
Answer = Reply | Outgoing | Later | None

log = logging.getLogger(__name__)


class Server:
    """Answers at the addresses of a config from `start` until `stop`."""

    def __init__(
        self,
        config: Config,
        keys: Callable[[], Keys],
        zones: Zones,
        metrics: Metrics,
        outcome: Callable[[Update], Awaitable[Outcome]],
    ) -> None:
        """`outcome` does an UPDATE, and takes its time."""
        self._config = config
        self._outcome = outcome
        self._keys = keys
        self._zones = zones
        self._metrics = metrics
        self._servers: list[asyncio.Server] = []
        self._datagrams: list[Datagrams] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._places = Places(config.connections, config.connections_of_one)
        self._lasting: set[asyncio.Task[None]] = set()
        """Connections in the middle of a transfer or an update."""
        self._answering: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._passing = None if config.notify is None else Passing(*config.notify)

    async def start(self) -> None:
        """Bind all addresses; OSError names the one that failed."""
        for host, port in listen_addresses.of_each_family(self._config.listen):
            try:
                server = await asyncio.start_server(self._connected, host, port, backlog=BACKLOG)
                self._servers.append(server)
                self._datagrams.append(Datagrams(host, port, self._datagram))
            except OSError as error:
                raise OSError(
                    error.errno, f"cannot answer at {host} port {port}: {error.strerror}"
                ) from None

    async def stop(self) -> None:
        """Take nothing new, and let transfers and updates end that are under way.

        Meanwhile datagrams still come, and those that take no time are answered.
        """
        self._stopping = True
        for server in self._servers:
            server.close()
        for task in self._connections - self._lasting:
            task.cancel()
        if under_way := self._connections | self._answering:
            _, late = await asyncio.wait(under_way, timeout=self._config.drain_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        while self._datagrams:  # now, as replies to what came before go by them
            self._datagrams.pop().close()

    def _answer(
        self, wire: bytes, client: str, transport: Transport, place: Place | None = None
    ) -> Answer:
        if self._passing is not None and (request := signed_notify(wire)) is not None:
            return self._passed(self._passing, request, wire)
        now = int(time.time())
        got = answering.answer(wire, client, transport, self._keys(), self._zones, now)
        if place is not None and got is not None and got.key is not None:
            self._places.keep(place)
        if isinstance(got, Update):
            return self._updated(got)
        if isinstance(got, Reply):
            self._metrics.replied(got.rcode, got.error)
        return got

    async def _updated(self, update: Update) -> Reply:
        """The reply to an UPDATE, when it is known."""
        found = await self._outcome(update)
        reply = update.reply(found.rcode, found.why, int(time.time()))
        self._metrics.replied(reply.rcode, reply.error)
        return reply

    async def _passed(self, passing: Passing, request: Request, wire: bytes) -> Reply | None:
        """The reply to a NOTIFY, which others give."""
        reply = await passing.answer(request, wire)
        if reply is not None:
            self._metrics.replied(reply.rcode, reply.error)
        return reply

    def _datagram(self, wire: bytes, client: str, send: Send) -> None:
        try:
            got = self._answer(wire, client, "udp")
        except Exception:  # one request costs one reply
            log.exception(line("request_defect", transport="udp"))
            return
        if isinstance(got, Reply):
            send(got.wire)
        elif isinstance(got, Coroutine) and self._stopping:
            got.close()  # another gate takes it when it comes again
        elif isinstance(got, Coroutine):
            task = asyncio.create_task(self._send(got, send))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _send(self, reply: Later, send: Send) -> None:
        try:
            if (got := await reply) is not None:
                send(got.wire)
        except Exception:  # as above
            log.exception(line("request_defect", transport="udp"))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = str(writer.get_extra_info("peername", [""])[0])

        def refuse() -> None:
            self._metrics.refused.inc()
            writer.transport.abort()

        place = self._places.take(client, refuse)
        if place is None:
            refuse()
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - the loop runs this as a task
        self._connections.add(task)
        self._metrics.connections.set(len(self._connections))
        try:
            writer.transport.set_write_buffer_limits(0)  # the kernel's buffer is enough
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            await self._serve(reader, writer, client, task, place)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            # The client went away, or stood still. The reader keeps the error, and its traceback
            # all of the transfer: an old zone would stay until the garbage collector comes by.
            error.__traceback__ = None
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        except Exception:  # one connection costs itself
            log.exception(line("request_defect", transport="tcp"))
        finally:
            # All that is to be said was taken. What was not would keep the socket until the client
            # reads it: beside the limits of connections, for as long as the client likes.
            writer.transport.abort()
            self._connections.discard(task)
            self._lasting.discard(task)
            self._places.leave(place)
            self._metrics.connections.set(len(self._connections))

    async def _serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        client: str,
        task: asyncio.Task[None],
        place: Place,
    ) -> None:
        """Answer the requests of a connection in their order (RFC 7766 section 6.2.1)."""
        while not self._stopping:
            async with asyncio.timeout(self._config.idle_seconds):
                (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
                wire = await reader.readexactly(length)
            got = self._answer(wire, client, "tcp", place)
            if got is None:
                return
            if isinstance(got, Reply):
                _write(got.wire, writer)
                await self._taken(writer)
                continue
            self._lasting.add(task)
            if isinstance(got, Outgoing):
                await self._transfer(got, writer, client)
            elif (reply := await got) is None:
                return
            else:
                _write(reply.wire, writer)
                await self._taken(writer)
            self._lasting.discard(task)

    async def _transfer(
        self, outgoing: Outgoing, writer: asyncio.StreamWriter, client: str
    ) -> None:
        began, octets, done = time.monotonic(), 0, False
        try:
            while (wire := outgoing.message(int(time.time()))) is not None:
                size = len(wire)
                _write(wire, writer)
                del wire  # the client may stand still now
                await self._taken(writer)
                octets += size
                self._metrics.transferred.inc(size)
            done = True
        except ValueError as error:
            log.warning(line("transfer_failed", zone=outgoing.origin, problem=error))
            raise ConnectionAbortedError from None  # what is there is no whole zone
        finally:
            self._metrics.transfer(outgoing.kind, done)
            log.info(
                line(
                    "transfer",
                    outcome="done" if done else "broken",
                    zone=outgoing.origin,
                    serial=outgoing.serial,
                    type=outgoing.kind,
                    to=client,
                    key=outgoing.key.name if outgoing.key is not None else "",
                    octets=octets,
                    seconds=f"{time.monotonic() - began:.3f}",
                )
            )
            # Where a write fails at once, the protocol keeps its error, and that keeps this frame:
            # an old zone would stay until the garbage collector comes by.
            del outgoing

    async def _taken(self, writer: asyncio.StreamWriter) -> None:
        """Wait until the kernel has all that was written; TimeoutError where it takes too long."""
        try:
            async with asyncio.timeout(self._config.idle_seconds):
                await writer.drain()
        except TimeoutError:
            # The kernel would keep what it has for such a client, for minutes after the close.
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            raise
        await asyncio.sleep(0)  # a client that reads fast is not to have all the time


def _write(wire: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(_LENGTH.pack(len(wire)) + wire)
