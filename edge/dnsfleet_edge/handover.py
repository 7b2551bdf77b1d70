"""Edges of one Pop that follow each other on the addresses of a node.

Port 53 of a node belongs to the node, and not to a pod. In a rolling update the new edge binds it
while the old one still answers there (`SO_REUSEPORT`), and the old one hands over before it ends
(see serve/handover.rs in the engine). For that both have to know of each other:

    the name      the edge that answers holds a socket `dnsfleet-edge/POP` in the abstract namespace
                  of Unix sockets, which is that of the node's network, as ports are. The kernel
                  frees it with the process.
    hello         who connects to it is told the addresses of the holder, and with how many sockets
                  it is bound to each. Before that the holder names its own sockets to the kernel,
                  so that a new one gets nothing yet. The new edge shares these addresses and no
                  other one: one that anybody else has, an edge of another Pop too, is an error of
                  its bind.
    its turn      the holder greets one edge at a time. A third one waits until the first is gone:
                  the order of three in a group could not be known.
    serving       the new edge says how many sockets it has bound, once it answers by them.
    gone          the connection ends with either edge, however that ends. The one that stays names
                  its own sockets again; the newer one takes the name.

A process of another user may hold the name, by mistake or to keep edges out. It is not believed:
the edge then answers without a name, and can share its addresses with no other one.
"""

import json
import logging
import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

from dnsfleet_following.workers import Worker
from dnsfleet_io.listen_addresses import Address
from dnsfleet_io.logs import line

PREFIX = "dnsfleet-edge/"
LOOK_SECONDS = 0.2
"""How late a stop may be noticed, and how long a name that is taken is left alone."""
YIELD_SECONDS = 5 * LOOK_SECONDS
"""How long an edge that waits for its turn leaves a free name to the one that is before it."""
HELLO_SECONDS = 1.0
"""How long the edge of another Pop may take to say where it answers."""
MAX_LINE = 64 * 1024
"""Octets of a line: far more than the addresses of a node."""
_WAITING = 8
_CREDENTIALS = struct.Struct("3i")
_NAMES = Path("/proc/net/unix")

log = logging.getLogger(__name__)


class Hello(NamedTuple):
    """An edge that answers."""

    addresses: list[Address]
    sockets: int
    """With how many it is bound to each address, of each kind."""


class Other(NamedTuple):
    """An edge that answers at the same addresses. It is the same object for as long as it does."""

    where: Literal["next", "previous"]
    sockets: int
    """With how many it is bound to each address, of each kind."""


class Handover:
    """The part of one edge in it; `steer` has the kernel give queries to this edge alone."""

    def __init__(self, pop: str, steer: Callable[[], None]) -> None:
        self._pop = pop
        self._steer = steer
        self._stopping = threading.Event()
        self._name: socket.socket | None = None
        self._hello = b""
        self._before: socket.socket | None = None
        self._after: socket.socket | None = None
        self._previous: Other | None = None
        self._next: Other | None = None
        self.worker = Worker("handover", self._run)

    @property
    def other(self) -> Other | None:
        """Who can have the addresses: a newer edge that answers, or the older one that does yet."""
        return self._next or self._previous

    def turn(self) -> Hello | None:
        """Wait until this edge may bind: who is there, None for nobody, and after a stop."""
        while not self._stopping.is_set():
            if self._take_name():
                return None
            connection = _connect(self._pop)
            if connection is None:
                self._stopping.wait(LOOK_SECONDS)
                continue
            if not _is_ours(connection):
                connection.close()
                return None
            hello = _read_hello(connection, self._stopping)
            if hello is not None:
                self._before = connection
                self._previous = Other("previous", hello.sockets)
                return hello
            connection.close()
            self._stopping.wait(YIELD_SECONDS)
        return None

    def serving(self, addresses: list[Address], sockets: int) -> None:
        """This edge answers now, by so many sockets at each of these addresses."""
        self._hello = _line({"addresses": addresses, "sockets": sockets})
        if self._before is not None:
            with suppress(OSError):  # it has gone, which is noticed below
                self._before.sendall(_line({"sockets": sockets}))
        self.worker.start()

    def stop(self) -> None:
        """This edge answers no more: the one that follows has the addresses."""
        self._stopping.set()
        if (after := self._after) is not None:
            with suppress(OSError):  # it has gone
                after.shutdown(socket.SHUT_RDWR)  # it need not wait for the thread to look
        if self.worker.ident is not None:
            self.worker.join()
        for each in (self._name, self._before):
            if each is not None:
                each.close()

    def _run(self) -> None:
        if self._before is not None and not self._outlives(self._before):
            return
        while not self._stopping.is_set():
            if self._name is None and not self._take_name():
                self._stopping.wait(LOOK_SECONDS)
            else:
                self._greet()

    def _outlives(self, before: socket.socket) -> bool:
        """Wait until the edge before this one has gone; false where this one is to end first."""
        while not self._stopping.is_set():
            if _receive(before) is not None:
                continue  # it says nothing more
            before.close()
            self._before = self._previous = None
            self._steer()
            log.info(line("took_over"))
            return True
        return False

    def _greet(self) -> None:
        """Greet one edge, and follow what becomes of it."""
        assert self._name is not None  # noqa: S101 - `_run` took it
        try:
            connection, _ = self._name.accept()
        except TimeoutError:
            return
        with connection:
            connection.settimeout(LOOK_SECONDS)
            if not _is_ours(connection):
                return
            self._steer()
            self._after = connection
            with suppress(OSError):
                connection.sendall(self._hello)
            self._follow(connection)
            self._after = self._next = None

    def _follow(self, connection: socket.socket) -> None:
        """Note when a newer edge answers, until it ends or this one is to."""
        said = b""
        while (more := _receive(connection)) is not None and not self._stopping.is_set():
            said += more
            if more.endswith(b"\n"):
                sockets = _sockets(said)
                self._next = Other("next", sockets) if sockets else None
        if self._next is not None and not self._stopping.is_set():
            self._next = None
            self._steer()

    def _take_name(self) -> bool:
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(_address(self._pop))
        except OSError:
            name.close()
            return False
        name.settimeout(LOOK_SECONDS)
        name.listen(_WAITING)
        self._name = name
        return True


def others_at(addresses: list[Address], pop: str) -> list[str]:
    """The other Pops whose edges on this node answer at one of the addresses."""
    found = []
    for other in _pops():
        connection = _connect(other) if other != pop else None
        if connection is None:
            continue
        with connection:
            given_up = threading.Event()
            timer = threading.Timer(HELLO_SECONDS, given_up.set)
            timer.start()
            hello = _read_hello(connection, given_up) if _is_ours(connection) else None
            timer.cancel()
            if hello is not None and set(hello.addresses) & set(addresses):
                found.append(other)
    return found


def _pops() -> list[str]:
    """The Pops that have an edge on this node, as far as it has a name."""
    try:
        lines = _NAMES.read_text().splitlines()
    except OSError:
        return []
    names = {line.rpartition(" ")[2] for line in lines}
    return sorted(
        name.removeprefix(f"@{PREFIX}") for name in names if name.startswith(f"@{PREFIX}")
    )


def _address(pop: str) -> str:
    return f"\0{PREFIX}{pop}"


def _connect(pop: str) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(LOOK_SECONDS)
    try:
        connection.connect(_address(pop))
    except OSError:
        connection.close()
        return None
    return connection


def _is_ours(connection: socket.socket) -> bool:
    """Whether the other end is a process of our user."""
    said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(said)
    return bool(user == os.geteuid())


def _receive(connection: socket.socket) -> bytes | None:
    """What has come, nothing after LOOK_SECONDS; None once the other end has gone."""
    try:
        return connection.recv(MAX_LINE) or None
    except TimeoutError:
        return b""
    except OSError:
        return None


def _read_hello(connection: socket.socket, given_up: threading.Event) -> Hello | None:
    said = b""
    while not said.endswith(b"\n"):
        more = _receive(connection)
        if more is None or given_up.is_set() or len(said) > MAX_LINE:
            return None
        said += more
    try:
        values = json.loads(said)
        addresses = [(str(host), int(port)) for host, port in values["addresses"]]
        return Hello(addresses, int(values["sockets"]))
    except (KeyError, TypeError, ValueError):
        return None


def _sockets(said: bytes) -> int:
    try:
        return max(0, int(json.loads(said)["sockets"]))
    except (KeyError, TypeError, ValueError):
        return 0


def _line(values: object) -> bytes:
    return json.dumps(values).encode() + b"\n"
