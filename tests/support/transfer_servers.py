"""Servers of zone transfers that do what they are told, whether that is a transfer or not."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
import dns.tsig

Send = Callable[[bytes], object]
"""Gives octets to the client."""
Answer = Callable[["Replies", Send], None]


class Replies:
    """The messages that answer a query, in wire form, signed as the query is, in their order."""

    def __init__(self, query: dns.message.Message) -> None:
        self.query = query
        self._context: Any = None

    def message(
        self,
        *records: str,
        rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
        signed: bool = True,
        tsig_error: int = 0,
        change: Callable[[dns.message.Message], None] = lambda _: None,
    ) -> bytes:
        """One message with records as `Zone.to_text` has them, after `change` was made to it."""
        reply = dns.message.make_response(self.query, tsig_error=tsig_error)
        reply.set_rcode(rcode)
        for each in records:
            owner, ttl, rtype, data = each.split(" ", 3)
            reply.answer.append(dns.rrset.from_text(owner, int(ttl), "IN", rtype, data))
        if not signed:
            reply.tsig = None
        change(reply)
        wire = reply.to_wire(max_size=65535, multi=True, tsig_ctx=self._context)
        if reply.tsig is not None:
            self._context = reply.tsig_ctx
        elif self._context is not None:
            self._context.update(wire)
        return wire


def framed(wire: bytes) -> bytes:
    """A message behind its length (RFC 1035 section 4.2.2)."""
    return len(wire).to_bytes(2) + wire


@contextmanager
def answering(
    answer: Answer,
    key: dns.tsig.Key | None = None,
    host: str = "127.0.0.1",
    patience: float | None = None,
) -> Iterator[int]:
    """Answer each connection to a port so, and read until the client ends it; the port.

    A connection that does not take what is written within `patience` seconds is closed.
    """

    class Handler(socketserver.StreamRequestHandler):
        timeout = patience

        def handle(self) -> None:
            octets = self.rfile.read(int.from_bytes(self.rfile.read(2)))
            query = dns.message.from_wire(octets, keyring=key)
            try:
                answer(Replies(query), self.wfile.write)
            except OSError:
                return  # the client has gone, as it does after a fault
            self.rfile.read()

    class Server(socketserver.ThreadingTCPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    with Server((host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
