"""Asks DNS servers: over one TCP connection, or over UDP with a cookie.

A cookie (RFC 7873) shows the server that its replies reach who asks, so they count for no limit.
The first query has none of the server yet, and the reply brings it.
"""

import secrets
import socket
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import dns.exception
import dns.message
import dns.query
from dns.edns import CookieOption

ANSWER_SECONDS = 2.0
"""For each reply, far more than a way around the world and back takes."""
UDP_TRIES = 3
"""A lost datagram is no fault of the server."""
UDP_OCTETS = 1232
"""Fit into one packet on every path (DNS Flag Day 2020)."""
_CLIENT_COOKIE_OCTETS = 8


class NoAnswerError(Exception):
    """A server did not answer; the text says what went wrong."""


class Answer(NamedTuple):
    """What a server answered, and how long that took."""

    message: dns.message.Message
    seconds: float
    """Of the last try."""


def ask_tcp(host: str, port: int, queries: Iterable[dns.message.Message]) -> Iterator[Answer]:
    """Ask over one connection, one after the other; NoAnswerError where a reply does not come."""
    try:
        with socket.create_connection((host, port), ANSWER_SECONDS) as connection:
            connection.setblocking(False)
            for each in queries:
                began = time.monotonic()
                reply = dns.query.tcp(each, host, timeout=ANSWER_SECONDS, sock=connection)
                yield Answer(reply, time.monotonic() - began)
    except (OSError, EOFError, dns.exception.DNSException) as error:
        raise NoAnswerError(str(error) or type(error).__name__) from None


def ask_udp(host: str, port: int, queries: Iterable[dns.message.Message]) -> Iterator[Answer]:
    """Ask one after the other, with a cookie; NoAnswerError where a reply does not come.

    `host` is an IP address: each reply must come from there.
    """
    client, server = secrets.token_bytes(_CLIENT_COOKIE_OCTETS), b""
    for each in queries:
        each.use_edns(0, payload=UDP_OCTETS, options=[CookieOption(client, server)])
        answer = _exchange(host, port, each)
        given = (option for option in answer.message.options if isinstance(option, CookieOption))
        server = next((option.server for option in given if option.client == client), server)
        yield answer


def _exchange(host: str, port: int, query: dns.message.Message) -> Answer:
    problem: Exception | None = None
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(UDP_TRIES):
        began = time.monotonic()
        try:
            # Connected, so that it hears when nobody listens; a new port for each query.
            with socket.socket(family, socket.SOCK_DGRAM) as connected:
                connected.connect((host, port))
                connected.setblocking(False)
                reply = dns.query.udp(
                    query, host, ANSWER_SECONDS, port, ignore_errors=True, sock=connected
                )
        except (OSError, dns.exception.DNSException) as error:
            problem = error
        else:
            return Answer(reply, time.monotonic() - began)
    raise NoAnswerError(str(problem))
