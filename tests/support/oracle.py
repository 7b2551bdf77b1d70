"""The oracle client: it asks every edge all the time and checks each reply.

A probe TXT record in the zone carries a counter, which rises with every published revision, so a
reply alone tells which revision it came from. The oracle demands from each server:

- *nothing lost*: a reply within `LOST_AFTER_SECONDS` of the question;
- *nothing wrong*: NOERROR with AA, exactly one TXT, and in it a counter that was published before
  the reply came and that is not below one this server had answered before the question was asked
  (an edge never goes back).

Where an address stands for many edges, a query may be sent once more (`retries`), as resolvers do;
and one edge may be `behind_seconds` behind another, so that an older counter may follow.
With `new_ports` every query comes from a new port, as with half of the world's resolvers.

The replies are read byte by byte, not through a DNS library: at thousands of queries a second the
client must stay cheaper than the server that it judges.
"""

import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import dns.message

LOST_AFTER_SECONDS = 1.0
SOCKETS_PER_SERVER = 4  # more source ports than one, so that more than one flow is watched
_TICK_SECONDS = 0.002
_HEADER = struct.Struct("!HHHHHH")
_FLAGS_EXPECTED = 0x8400  # QR and AA, NOERROR; RD is not set in the question
_MAX_NOTES = 20


@dataclass
class Verdict:
    """What one server did: counts, the first few offences, and when each counter first answered."""

    asked: int = 0
    answered: int = 0
    lost: int = 0
    retried: int = 0
    wrong: int = 0
    notes: list[str] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)
    """Why queries were asked again that were answered then, the first few."""
    first_seen: dict[int, float] = field(default_factory=dict)  # counter -> time.monotonic()
    newest: int = -1

    def floor(self, asked_at: float, behind_seconds: float) -> int:
        """The least counter that a reply may have to what is asked now."""
        if not behind_seconds:
            return self.newest
        until = asked_at - behind_seconds
        return next((each for each, at in reversed(self.first_seen.items()) if at <= until), -1)

    def note(self, text: str) -> None:
        if len(self.notes) < _MAX_NOTES:
            self.notes.append(text)

    def repeated(self, text: str) -> None:
        if len(self.repeats) < _MAX_NOTES:
            self.repeats.append(text)


Asked = TypeVar("Asked")


class Judging(Generic[Asked]):
    """What all oracles do, by whatever they tell those apart whom they ask."""

    verdicts: dict[Asked, Verdict]
    _published: int

    @property
    def asked(self) -> int:
        """Queries sent so far, to all servers."""
        return sum(verdict.asked for verdict in self.verdicts.values())

    def publishing(self, counter: int) -> None:
        """Called before the change is made: `counter` may be answered from now on."""
        self._published = counter

    def seen_everywhere(self, counter: int) -> bool:
        """Whether every server has answered `counter` or a later one."""
        return all(verdict.newest >= counter for verdict in self.verdicts.values())

    @property
    def faults(self) -> list[str]:
        """What was lost or wrong, one line each; empty when nothing was."""
        return [
            f"{asked}: {verdict.lost} lost, {verdict.wrong} wrong: {verdict.notes}; "
            f"{verdict.retried} asked again: {verdict.repeats}"
            for asked, verdict in self.verdicts.items()
            if verdict.lost or verdict.wrong
        ]


class Oracle(Judging[tuple[str, int]]):
    """Asks `servers` for the TXT at `probe` at `rate` queries a second in all, until stopped.

    `published` is the counter that they answer now.
    """

    def __init__(
        self,
        servers: list[tuple[str, int]],
        probe: str,
        rate: int,
        published: int,
        *,
        retries: int = 0,
        new_ports: bool = False,
        behind_seconds: float = 0.0,
    ) -> None:
        self.verdicts = {server: Verdict() for server in servers}
        self._rate = rate
        self._attempts = 1 + retries
        self._new_ports = new_ports
        self._behind_seconds = behind_seconds
        self._published = published
        question = dns.message.make_query(probe, "TXT", flags=0).to_wire()
        self._question = question[2:]
        self._size = len(question)
        self._selector = selectors.DefaultSelector()
        self._servers = [server for server in servers for _ in range(SOCKETS_PER_SERVER)]
        self._flows: dict[int, _Flow] = {}
        for index, server in enumerate(self._servers if not new_ports else ()):
            self._open(index, server)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="oracle", daemon=True)

    def restarted(self, server: tuple[str, int]) -> None:
        """Called when a server was killed: it may answer from its disk, which can be older."""
        self.verdicts[server].newest = -1

    def __enter__(self) -> "Oracle":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        for index in list(self._flows):
            self._close(index)
        self._selector.close()

    def _run(self) -> None:
        start = time.monotonic()
        sent = 0
        while not self._stopping.is_set():
            now = time.monotonic()
            while sent < (now - start) * self._rate:
                self._ask(self._flow(sent), now)
                sent += 1
            self._drain(_TICK_SECONDS)
            self._expire(time.monotonic())
        while any(flow.waiting for flow in self._flows.values()):  # until answered or lost
            self._drain(_TICK_SECONDS)
            self._expire(time.monotonic())

    def _flow(self, number: int) -> "_Flow":
        """The socket for the query of this number: each socket in turn, or a new one."""
        index = number % len(self._servers)
        return self._open(number, self._servers[index]) if self._new_ports else self._flows[index]

    def _open(self, index: int, server: tuple[str, int]) -> "_Flow":
        flow = self._flows[index] = _Flow(index, server)
        self._selector.register(flow.sock, selectors.EVENT_READ, flow)
        return flow

    def _close(self, index: int) -> None:
        flow = self._flows.pop(index)
        self._selector.unregister(flow.sock)
        flow.sock.close()

    def _ask(self, flow: "_Flow", now: float, attempt: int = 1) -> None:
        verdict = self.verdicts[flow.server]
        flow.message_id = (flow.message_id + 1) & 0xFFFF
        floor = verdict.floor(now, self._behind_seconds)
        flow.waiting[flow.message_id] = (now, floor, attempt)
        verdict.asked += 1
        try:
            flow.sock.send(struct.pack("!H", flow.message_id) + self._question)
        except OSError as error:  # a closed port shows here; the query then counts as lost
            verdict.note(f"send: {error}")

    def _drain(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            flow: _Flow = key.data
            verdict = self.verdicts[flow.server]
            try:
                while True:
                    self._judge(flow, verdict, flow.sock.recv(4096), time.monotonic())
            except BlockingIOError:
                pass
            except OSError as error:
                verdict.note(f"receive: {error}")
            if self._new_ports and not flow.waiting:
                self._close(flow.index)

    def _judge(self, flow: "_Flow", verdict: Verdict, reply: bytes, now: float) -> None:
        message_id, flags, _, answers, _, _ = _HEADER.unpack_from(reply)
        waited = flow.waiting.pop(message_id, None)
        if waited is None:
            verdict.note(f"unasked or late reply {message_id}")
            return
        verdict.answered += 1
        if flags != _FLAGS_EXPECTED or answers != 1:
            verdict.wrong += 1
            verdict.note(f"flags {flags:#06x}, {answers} answers")
            return
        # One answer: compressed owner (2), type, class, TTL, rdata length (10), one string (1 + n).
        text_at = self._size + 12
        counter = int(reply[text_at + 1 : text_at + 1 + reply[text_at]])
        _, floor, _ = waited
        if not floor <= counter <= self._published:
            verdict.wrong += 1
            verdict.note(f"counter {counter} after {floor}, published {self._published}")
            return
        if counter > verdict.newest:
            verdict.newest = counter
            verdict.first_seen[counter] = now

    def _expire(self, now: float) -> None:
        for flow in list(self._flows.values()):
            while flow.waiting:
                message_id, (asked_at, _, attempt) = next(iter(flow.waiting.items()))
                if now - asked_at < LOST_AFTER_SECONDS:
                    break
                del flow.waiting[message_id]
                verdict = self.verdicts[flow.server]
                if attempt < self._attempts:
                    verdict.retried += 1
                    self._ask(flow, now, attempt + 1)
                else:
                    verdict.lost += 1
                    ago = timedelta(seconds=now - asked_at)
                    verdict.note(f"query {message_id} lost, asked at {datetime.now(UTC) - ago}")
            if self._new_ports and not flow.waiting:
                self._close(flow.index)


class _Flow:
    """One UDP socket to one server, and the queries that wait for their reply there."""

    def __init__(self, index: int, server: tuple[str, int]) -> None:
        self.index = index
        self.server = server
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.connect(server)
        self.message_id = 0
        # id -> (asked at, least counter that may come, attempt)
        self.waiting: dict[int, tuple[float, int, int]] = {}
