"""Asks one address of a Pop for zones."""

import itertools
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import dns.flags
import dns.message
from dnsfleet.probing.judging import TCP, TRANSPORTS, Replies
from dnsfleet.probing.lists import MAX_ADDRESSES, ProbedPop, ProbedZone
from dnsfleet.zones import questions
from dnsfleet_io import dns_clients
from dnsfleet_io.dns_clients import NoAnswerError
from dnsfleet_io.tcp_connections import Address


class StoppedError(Exception):
    """It was told to stop, so what there is to ask is not asked."""


class Places(NamedTuple):
    """Where a Pop is to be asked."""

    addresses: tuple[Address, ...]
    """Their hosts are IP addresses."""
    unresolved: tuple[Replies, ...]
    """What is known of names that nobody resolves, without asking: over no transport an answer."""


def resolve(pop: ProbedPop) -> Places:
    """Where a Pop answers; a host name gives an address of each family that it has."""
    found: dict[Address, None] = {}
    unresolved: list[Replies] = []
    for given in itertools.starmap(Address, pop.addresses[:MAX_ADDRESSES]):
        try:
            told = socket.getaddrinfo(given.host, given.port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:  # the second for what can be no host name
            problem = f"the name is not resolved: {getattr(error, 'strerror', None) or error}"
            unresolved += [Replies(_text(given), each, {}, {}, problem) for each in TRANSPORTS]
            continue
        by_family = {
            family: Address(str(where[0]), given.port) for family, *_, where in reversed(told)
        }
        found |= dict.fromkeys(by_family.values())
    return Places(tuple(found)[:MAX_ADDRESSES], tuple(unresolved))


def ask(
    address: Address, transport: str, zones: Sequence[ProbedZone], stopping: threading.Event
) -> Replies:
    """Ask for the probe record and then the SOA of each zone; without zones, whether it answers.

    StoppedError before the first query that is not to be asked any more.
    """
    exchange = dns_clients.ask_tcp if transport == TCP else dns_clients.ask_udp
    asked = [*_queries(zones)] or [("", "SOA", questions.query(".", "SOA"))]
    record: dict[str, dns.message.Message] = {}
    soa: dict[str, dns.message.Message] = {}
    seconds: list[float] = []
    problem = ""
    try:
        answers = exchange(*address, _until(stopping, (query for *_, query in asked)))
        for (zone, kind, _), answer in zip(asked, answers, strict=True):
            seconds.append(answer.seconds)
            if answer.message.flags & dns.flags.TC:
                continue  # over TCP there is all of it
            (soa if kind == "SOA" else record)[zone] = answer.message
    except NoAnswerError as error:
        problem = f"no answer: {error}"
    return Replies(_text(address), transport, record, soa, problem, tuple(seconds))


def _until(
    stopping: threading.Event, queries: Iterable[dns.message.Message]
) -> Iterator[dns.message.Message]:
    for each in queries:
        if stopping.is_set():
            raise StoppedError
        yield each


def _queries(zones: Sequence[ProbedZone]) -> Iterator[tuple[str, str, dns.message.Message]]:
    """Origin, what is asked for, and the query."""
    for zone in zones:
        if zone.record is not None:
            query = questions.query(zone.record.name, zone.record.rtype)
            yield zone.zone, "record", query
        yield zone.zone, "SOA", questions.query(zone.zone, "SOA")


def _text(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
