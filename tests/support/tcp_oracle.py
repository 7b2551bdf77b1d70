"""The oracle client over TCP: what `Oracle` demands of UDP, at the pace of a few connections.

To each server one connection is kept for as long as the server keeps it, and one is opened for each
query. A server that stops closes the connections that it has, whatever was asked on them: clients
have to ask once more on a new one (RFC 7766, section 6.2.4). So a query is lost where the second
connection gives no reply either.
"""

import contextlib
import itertools
import socket
import threading
import time
from datetime import UTC, datetime
from typing import NamedTuple, Self

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

from support.oracle import LOST_AFTER_SECONDS, Judging, Verdict

ATTEMPTS = 2


class Asked(NamedTuple):
    """One kind of connections to one server."""

    server: tuple[str, int]
    kept: bool

    def __str__(self) -> str:
        return f"{self.server} over {'kept' if self.kept else 'new'} connections"


class TcpOracle(Judging[Asked]):
    """Asks each server by both kinds of connections, `rate` queries a second each, until stopped.

    `published` is the counter that they answer now; for `behind_seconds` see `Oracle`.
    """

    def __init__(
        self,
        servers: list[tuple[str, int]],
        probe: str,
        rate: float,
        published: int,
        behind_seconds: float = 0.0,
    ) -> None:
        self._probe = probe
        self._pause = 1 / rate
        self._published = published
        self._behind_seconds = behind_seconds
        self._stopping = threading.Event()
        asked = [Asked(server, kept) for server in servers for kept in (True, False)]
        self.verdicts = {each: Verdict() for each in asked}
        self._threads = [
            threading.Thread(target=self._run, args=(*each, verdict), daemon=True)
            for each, verdict in self.verdicts.items()
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, server: tuple[str, int], kept: bool, verdict: Verdict) -> None:
        connection: socket.socket | None = None
        for number in itertools.count():
            if self._stopping.wait(self._pause):
                break
            query = dns.message.make_query(self._probe, "TXT", flags=0, id=number & 0xFFFF)
            connection = self._ask(server, query, connection, verdict)
            if not kept and connection is not None:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _ask(
        self,
        server: tuple[str, int],
        query: dns.message.Message,
        connection: socket.socket | None,
        verdict: Verdict,
    ) -> socket.socket | None:
        """Ask once; the connection that is open afterwards."""
        floor = verdict.floor(time.monotonic(), self._behind_seconds)
        verdict.asked += 1
        begun, troubles = datetime.now(UTC), []
        for attempt in range(ATTEMPTS):
            verdict.retried += attempt
            step, since = "reply", time.monotonic()
            try:
                if connection is None:
                    step = "connect"
                    connection = socket.create_connection(server, LOST_AFTER_SECONDS)
                    connection.setblocking(False)  # as dns.query asks for
                    step = "reply"
                reply = dns.query.tcp(query, server[0], LOST_AFTER_SECONDS, sock=connection)
            except (OSError, EOFError, dns.exception.DNSException) as error:
                seconds = time.monotonic() - since
                troubles.append(f"{step} failed after {seconds:.2f} s: {error!r}")
                if connection is not None:
                    with contextlib.suppress(OSError):
                        connection.close()
                    connection = None
            else:
                verdict.answered += 1
                if troubles:
                    verdict.repeated(_told(query, begun, troubles))
                self._judge(reply, floor, verdict)
                return connection
        verdict.lost += 1
        verdict.note(_told(query, begun, troubles))
        return None

    def _judge(self, reply: dns.message.Message, floor: int, verdict: Verdict) -> None:
        good = reply.rcode() == dns.rcode.NOERROR and reply.flags & dns.flags.AA
        texts = [text for each in reply.answer for rdata in each for text in rdata.strings]
        if not good or len(texts) != 1:
            verdict.wrong += 1
            verdict.note(f"{dns.rcode.to_text(reply.rcode())}, {texts}")
            return
        counter = int(texts[0])
        if not floor <= counter <= self._published:
            verdict.wrong += 1
            verdict.note(f"counter {counter} after {floor}, published {self._published}")
            return
        if counter > verdict.newest:
            verdict.newest = counter
            verdict.first_seen[counter] = time.monotonic()


def _told(query: dns.message.Message, begun: datetime, troubles: list[str]) -> str:
    """What became of a query on each of its connections, and when it began, as logs say it."""
    return f"query {query.id} at {begun:%H:%M:%S.%f} UTC: {', then '.join(troubles)}"
