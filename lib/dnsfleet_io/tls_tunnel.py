"""A tunnel to the core: plain Redis on this side, mutual TLS between clusters.

    replica ──plain──▶ tunnel (client) ══ TLS 1.3 ══▶ tunnel (server) ──plain──▶ core
         in the pod of the replica                         in the pod of the core

Both ends show a certificate, and each takes only what its own authorities signed; the client also
looks for the name of the server. Until that is done, the server opens nothing to the core. Python's
`ssl` (OpenSSL) speaks TLS; here connections are only opened, bounded and joined.

Certificates are read again when their files change, as cert-manager and the kubelet replace them.
Only new connections see that, so a rotation ends none; nor does a damaged file, which is told and
left. A file of authorities may hold several: while one follows another, both count. The server has
a file more, of the certificates that may come: what leaves it loses its connections.

When one side of a connection ends, so does the other, also while that is still being reached: a
replica that tries again and again while a link is cut leaves nothing behind. Whether a link is dead
is decided by Redis at both ends, as within a cluster, and sooner than by the kernel.

What a stranger can cost is bounded (see `handshakes`). What a stolen certificate can cost too:
CONNECTIONS_OF_ONE, what they send (see `upward_commands`) and the copies that they take (see
`whole_copies`); another certificate of the same name has its own. A connection holds some hundred
kB, because the reader waits for the writer.
"""

import asyncio
import contextlib
import logging
import math
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from dnsfleet_io.backoff import Pauses
from dnsfleet_io.certificates import Certificates
from dnsfleet_io.handshakes import (
    HANDSHAKE_SECONDS,
    HANDSHAKES,
    Handshakes,
    Source,
    source_of,
)
from dnsfleet_io.known_certificates import KnownCertificates
from dnsfleet_io.logs import line
from dnsfleet_io.tcp_connections import (
    CLOSE_SECONDS,
    PIECE_OCTETS,
    Address,
    Connection,
    Guard,
    WatchedProtocol,
    join,
    listening,
    prepare,
)
from dnsfleet_io.tunnel_metrics import (
    CERTIFICATE,
    COMMAND,
    COPIES,
    HANDSHAKE,
    SOURCE,
    TARGET,
    TunnelMetrics,
)
from dnsfleet_io.upward_commands import Allowance, CommandError, Commands
from dnsfleet_io.whole_copies import CopiesError, CopyBudget, CopyWatch

CONNECT_SECONDS = 10.0
"""How long it may take to reach the other side."""
CONNECTIONS_OF_ONE = 16
"""Connections with one certificate: a replica and an agent, each also while a former one is
not known to be dead yet."""
LOOK_SECONDS = 2.0
"""Between looks at the files: short beside the minute in which a node brings a changed Secret."""
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0
"""Until a client asks a core again that refused it, or ended a connection at once. A replica gives
its connection three seconds, of which a bad link needs most."""
RETRY_SECONDS = 0.5
"""Until the next connection is taken after one could not be."""
TOLD_SECONDS = 10.0
"""Between two lines about connections that failed."""

log = logging.getLogger(__name__)


class Route(NamedTuple):
    """Where a connection goes on."""

    target: Address
    server_name: str = ""
    """What the certificate there must name; empty where it is the core itself, without TLS."""


class Tunnel:
    """One end. `run` goes on until it is cancelled."""

    def __init__(
        self,
        listen: Address,
        route: Callable[[], Route],
        certificates: Certificates,
        known: KnownCertificates | None,
        metrics: TunnelMetrics,
    ) -> None:
        """`route` is asked for each connection; OSError and ValueError of it end that one.

        A client speaks TLS to where it goes on, a server to who comes. `known` are those who may
        come to a server; None makes a client.
        """
        self._listen = listen
        self._route = route
        self._certificates = certificates
        self._known = known
        self._client = client = known is None
        # Who comes to a client is in its own cluster.
        self._handshakes = Handshakes(HANDSHAKES, HANDSHAKES) if client else Handshakes()
        self._metrics = metrics
        self._pauses = Pauses(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        self._failures = 0
        self._told_at = -math.inf
        self._open: Counter[str] = Counter()
        # It stays when connections end: whoever comes again has no more for it. There are as many
        # as certificates that our authorities signed.
        self._allowances: defaultdict[str, Allowance] = defaultdict(Allowance)
        self._budgets: defaultdict[str, CopyBudget] = defaultdict(CopyBudget)
        self._tasks: set[asyncio.Task[None]] = set()
        self._by_certificate: defaultdict[bytes, set[asyncio.Task[None]]] = defaultdict(set)
        metrics.connections.set_function(lambda: self._open.total())
        metrics.handshakes.set_function(lambda: self._handshakes.taken)
        ends = metrics.certificate_ends
        ends.labels("pop" if client else "core").set_function(lambda: certificates.own_end)
        ends.labels("authority").set_function(lambda: certificates.authorities_end)

    async def run(self) -> None:
        """Listen; OSError where that cannot be."""
        with listening(self._listen) as listener:
            looking = asyncio.create_task(self._look())
            log.info(line("listening", port=self._listen.port))
            try:
                while True:
                    await self._take_next(listener)
            finally:
                looking.cancel()
                for task in tuple(self._tasks):
                    task.cancel()
                await asyncio.gather(looking, *self._tasks, return_exceptions=True)

    async def _take_next(self, listener: socket.socket) -> None:
        """Take the next connection that comes, as soon as there is a place for it."""
        await self._handshakes.wait()
        try:
            accepted, peer = await asyncio.get_running_loop().sock_accept(listener)
        except OSError as error:  # no file descriptor is left, for one
            log.warning(line("accept_failed", problem=error))
            self._handshakes.pass_on()
            await asyncio.sleep(RETRY_SECONDS)
            return
        source = source_of(peer[0])
        if not self._handshakes.take(source):
            accepted.close()
            self._tell(SOURCE, peer[0], "", "too many handshakes from there")
            await asyncio.sleep(0)  # whoever connects without end keeps nothing else from its turn
            return
        task = asyncio.create_task(self._serve(accepted, peer[0], source))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._certificates.look()
            if self._known is not None:
                self._known.look()
                self._end_unknown(self._known)

    def _end_unknown(self, known: KnownCertificates) -> None:
        """End the connections of certificates that may not come any more."""
        for certificate, tasks in tuple(self._by_certificate.items()):
            if not known.has(certificate):
                log.info(line("certificate_ended", connections=len(tasks)))
                for task in tasks:
                    task.cancel()

    async def _serve(self, accepted: socket.socket, peer: str, source: Source) -> None:
        """Join a connection that came with one to the target."""
        name, stage = "", HANDSHAKE
        async with contextlib.AsyncExitStack() as stack:
            try:
                try:
                    near, gone = await self._accept(accepted)
                    stack.callback(near.abort)
                finally:
                    self._handshakes.end(source)
                name, stage = self._name(near.writer), CERTIFICATE
                if name and self._open[name] >= CONNECTIONS_OF_ONE:
                    raise ConnectionRefusedError("too many connections with this certificate")
                self._open[name] += 1
                stack.callback(self._closed, name)
                if self._known is not None:
                    stack.callback(self._let_in(near.writer, self._known))
                stage = TARGET
                far = await self._reach(gone)
                stack.callback(far.abort)
            except (OSError, ValueError) as error:
                self._tell(stage, peer, name, error)
                return
            began = time.monotonic()
            guards = () if self._client else self._guards(peer, name)
            if await join(near, far, *guards):
                self._pauses.ended(began)

    def _let_in(self, writer: asyncio.StreamWriter, known: KnownCertificates) -> Callable[[], None]:
        """Note whose connection this is, and return what forgets it; ConnectionRefusedError."""
        certificate: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        if not known.has(certificate):
            known.look()  # it may have come a moment ago
            if not known.has(certificate):
                raise ConnectionRefusedError("this certificate may not come, or not any more")
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - each connection is a task
        self._by_certificate[certificate].add(task)

        def forget() -> None:
            self._by_certificate[certificate].discard(task)
            if not self._by_certificate[certificate]:
                del self._by_certificate[certificate]

        return forget

    def _guards(self, peer: str, name: str) -> tuple[Guard, Guard]:
        """Of what one connection sends to the core, and of what comes back."""
        copies, allowance = CopyWatch(self._budgets[name]), self._allowances[name]
        commands = Commands(copies.command)
        refused = self._metrics.copies_refused.labels(name.rpartition(" ")[0])

        async def guard(piece: bytes) -> None:
            try:
                commands.check(piece)
            except CommandError as error:
                stage = COMMAND
                if isinstance(error, CopiesError):
                    stage = COPIES
                    refused.inc()
                self._tell(stage, peer, name, error)
                raise
            await asyncio.sleep(allowance.take(len(piece)))

        async def back(piece: bytes) -> None:
            copies.answer(piece)

        return guard, back

    async def _accept(self, accepted: socket.socket) -> tuple[Connection, asyncio.Event]:
        """The connection that came; a server's only once its certificate was found good.

        With it what is set once the other side of it has ended.
        """
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(PIECE_OCTETS)
        protocol = WatchedProtocol(reader)
        try:
            prepare(accepted)
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, accepted, **({} if self._client else self._secure())
            )
        except BaseException:
            accepted.close()
            raise
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        return Connection(reader, writer), protocol.gone

    async def _reach(self, gone: asyncio.Event) -> Connection:
        """A connection to the target; ConnectionAbortedError once nobody waits for it any more."""
        connecting = asyncio.create_task(self._connect())
        ending = asyncio.create_task(gone.wait())
        try:
            await asyncio.wait((connecting, ending), return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                return connecting.result()
            raise ConnectionAbortedError("there was no answer until the other side gave up")
        finally:
            connecting.cancel()
            ending.cancel()
            await asyncio.gather(connecting, ending, return_exceptions=True)

    async def _connect(self) -> Connection:
        if self._client:
            await asyncio.sleep(self._pauses.left())
        began = time.monotonic()
        try:
            reader, writer = await self._open_target()
        except (OSError, ValueError):
            self._pauses.ended(began)
            raise
        prepare(writer.get_extra_info("socket"))
        return Connection(reader, writer)

    async def _open_target(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        route = self._route()
        options = self._secure() | {"server_hostname": route.server_name} if self._client else {}
        async with asyncio.timeout(CONNECT_SECONDS + HANDSHAKE_SECONDS):
            return await asyncio.open_connection(
                route.target.host, route.target.port, limit=PIECE_OCTETS, **options
            )

    def _secure(self) -> dict[str, Any]:
        """What asyncio is told about TLS."""
        return {
            "ssl": self._certificates.context,
            "ssl_handshake_timeout": HANDSHAKE_SECONDS,
            "ssl_shutdown_timeout": CLOSE_SECONDS,
        }

    def _name(self, writer: asyncio.StreamWriter) -> str:
        """Name and serial number of the certificate of a client, empty where there is none.

        A new certificate of the same name has another number.
        """
        shown = writer.get_extra_info("peercert") or {}
        names = [value for part in shown.get("subject", ()) for _, value in part]
        return f"{','.join(names)} {shown['serialNumber']}" if shown else ""

    def _tell(self, stage: str, peer: str, name: str, problem: object) -> None:
        """Count a failure, and log the newest one now and then: the world connects to the port."""
        self._metrics.failures.labels(stage).inc()
        self._failures += 1
        now = time.monotonic()
        if now - self._told_at < TOLD_SECONDS:
            return
        said = {"peer": peer, "name": name, "problem": problem, "failures": self._failures}
        log.warning(line("connection_failed", **said))
        self._failures, self._told_at = 0, now

    def _closed(self, name: str) -> None:
        self._open[name] -= 1
        if not self._open[name]:
            del self._open[name]
