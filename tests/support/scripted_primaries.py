"""Primaries that do what a test says: they have one small zone, signed by one key."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.opcode
import dns.rdatatype
import dns.tsig
from dnsfleet.tsig_keys import PrimaryKey, Target, UsableKey

from support.transfer_servers import Replies, framed

ORIGIN = "one.example."
SECRET = b"a secret of thirty-two octets..."
SECONDS = 15.0


def tsig(secret: bytes = SECRET) -> dns.tsig.Key:
    return dns.tsig.Key("k.", secret, "hmac-sha256")


def soa(serial: int, refresh: int = 7200, expire: int = 1209600, origin: str = ORIGIN) -> str:
    return f"{origin} 300 SOA ns1.example.net. h.{ORIGIN} {serial} {refresh} 1 {expire} 300"


def host(number: int) -> str:
    return f"h{number}.{ORIGIN} 60 A 192.0.2.{number}"


NS = f"{ORIGIN} 300 NS ns1.example.net."
Step = Callable[["Primary", Replies, Callable[[bytes], object]], None]


class Primary:
    """A name server that has the zone at a serial, or does what `step` says."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.address = address
        """One of loopback."""
        self.serial = 1
        self.hosts = [1]
        self.refresh, self.expire = 7200, 1209600
        self.changes: list[str] | None = None
        """The answer to IXFR; None for the whole zone."""
        self.asked: list[str] = []
        self.step: Step | None = None
        self.port = 0

    @property
    def soa(self) -> str:
        return soa(self.serial, self.refresh, self.expire)

    @property
    def target(self) -> Target:
        return Target(self.address, self.port)

    def set(self, serial: int, *hosts: int) -> None:
        self.serial, self.hosts = serial, list(hosts)

    def answer(self, replies: Replies, send: Callable[[bytes], object]) -> None:
        asked = replies.query.question[0].rdtype
        self.asked.append(dns.rdatatype.to_text(asked))
        if self.step is not None:
            self.step(self, replies, send)
        elif asked == dns.rdatatype.SOA:
            send(framed(replies.message(self.soa, change=authoritative)))
        elif asked == dns.rdatatype.IXFR and self.changes is not None:
            send(framed(replies.message(*self.changes)))
        else:
            self.whole(replies, send)

    def whole(self, replies: Replies, send: Callable[[bytes], object]) -> None:
        rows = [NS, *map(host, self.hosts)]
        send(framed(replies.message(self.soa, *rows)))
        send(framed(replies.message(self.soa)))


def authoritative(reply: dns.message.Message) -> None:
    reply.flags |= dns.flags.AA


@contextmanager
def serving(made: Primary) -> Iterator[Primary]:
    """Answer at a port of loopback."""

    class Handler(socketserver.StreamRequestHandler):
        timeout = SECONDS

        def handle(self) -> None:
            octets = self.rfile.read(int.from_bytes(self.rfile.read(2)))
            try:
                query = dns.message.from_wire(octets, keyring=tsig())
                made.answer(Replies(query), self.wfile.write)
            except OSError:
                return

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server((made.address, made.port), Handler) as server:
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def key(*targets: Target, zones: frozenset[str] | None = None) -> PrimaryKey:
    made = UsableKey("k.", "hmac-sha256", SECRET, zones, (), transfers=False)
    return PrimaryKey(made, frozenset(targets))


def notify(origin: str = ORIGIN, made_by: dns.tsig.Key | None = None) -> dns.message.Message:
    """What such a primary says when the zone has changed (RFC 1996)."""
    made = dns.message.make_query(origin, "SOA", flags=dns.flags.AA)
    made.set_opcode(dns.opcode.NOTIFY)
    made.use_tsig(made_by or tsig())
    return made
