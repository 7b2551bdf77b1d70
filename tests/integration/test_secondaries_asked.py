"""A gate asks secondaries that answer in every way. Real ones are in tests/conformance."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rrset
import dns.tsig
import pytest
from dnsfleet.secondaries.answers import Answer
from dnsfleet.tsig_keys import Target, UsableKey
from dnsfleet_gate.secondaries import one_secondary
from support import watched_secondaries
from support.ports import free_port
from support.waiting import wait_for
from support.watched_secondaries import Gate
from support.zones import make_zone

ORIGIN, OTHER = "one.example.", "two.example."
SECRET = b"s" * 32
SECONDS = 20.0
TSIG = dns.tsig.Key("k.", SECRET, "hmac-sha256.")
Change = Callable[[dns.message.Message], None]


class Scripted:
    """A secondary with one serial, that changes its replies as it is told."""

    def __init__(self) -> None:
        self.serial: int | None = 1
        """None to say nothing."""
        self.change: Change = lambda _: None
        self.tcp_change: Change = lambda _: None
        self.tsig_error = 0
        self.queries: list[dns.message.Message] = []
        self.port = free_port()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.tcp = socket.create_server(("127.0.0.1", self.port))
        self.target = Target("127.0.0.1", self.port)

    def reply(self, wire: bytes, change: Change) -> bytes | None:
        try:
            query = dns.message.from_wire(wire, keyring=TSIG)
        except dns.exception.DNSException:  # signed by a key that it does not know
            return None
        if query.opcode() != dns.opcode.QUERY:
            return None
        self.queries.append(query)
        if self.serial is None:
            return None
        reply = dns.message.make_response(query, tsig_error=self.tsig_error)
        reply.flags |= dns.flags.AA
        soa = f"ns. host. {self.serial} 1 1 1 1"
        reply.answer = [dns.rrset.from_text(query.question[0].name, 1, "IN", "SOA", soa)]
        change(reply)
        return reply.to_wire()

    def answer_udp(self) -> None:
        while True:
            wire, client = self.udp.recvfrom(65535)
            if not wire:
                return
            if (reply := self.reply(wire, self.change)) is not None:
                self.udp.sendto(reply, client)

    def answer_tcp(self) -> None:
        while True:
            connection, _ = self.tcp.accept()
            with connection:
                if not (head := connection.recv(2, socket.MSG_WAITALL)):
                    return
                wire = connection.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL)
                if (reply := self.reply(wire, self.tcp_change)) is not None:
                    connection.sendall(struct.pack("!H", len(reply)) + reply)


@contextmanager
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    threads = [threading.Thread(target=each) for each in (made.answer_udp, made.answer_tcp)]
    for each in threads:
        each.start()
    try:
        yield made
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", ("127.0.0.1", made.port))
        socket.create_connection(("127.0.0.1", made.port)).close()
        for each in threads:
            each.join()
        made.udp.close()
        made.tcp.close()


def key(
    *targets: Target, name: str = "k.", secret: bytes = SECRET, zones: object = None
) -> UsableKey:
    allowed = None if zones is None else frozenset(str(zones).split())
    return UsableKey(name, "hmac-sha256", secret, allowed, targets)


@pytest.fixture(name="secondary")
def _secondary() -> Iterator[Scripted]:
    with scripted() as made:
        yield made


@pytest.fixture(name="gate")
def _gate() -> Iterator[Gate]:
    with watched_secondaries.running() as made:
        yield made


def hears(gate: Gate, target: Target, expected: Answer, origin: str = ORIGIN) -> None:
    wait_for(str(expected), lambda: gate.answer(origin, target) == expected, SECONDS)


def test_a_serial_is_told_and_its_change(gate: Gate, secondary: Scripted) -> None:
    gate.serve(make_zone(ORIGIN, serial=1))
    gate.keys = [key(secondary.target)]
    hears(gate, secondary.target, Answer("serial", 1))
    assert secondary.queries[0].keyname is not None
    assert not secondary.queries[0].flags & dns.flags.RD
    assert gate.value("zones", secondary=str(secondary.target), state="Current") == 1
    gate.serve(make_zone(ORIGIN, serial=2))
    name = str(secondary.target)
    wait_for("behind", lambda: gate.value("behind_seconds", secondary=name), SECONDS)
    secondary.serial = 2
    hears(gate, secondary.target, Answer("serial", 2))
    wait_for("current", lambda: gate.value("behind_seconds", secondary=name) == 0, SECONDS)
    assert (gate.value("queries_total", answer="serial") or 0) >= 2


def _truncated(reply: dns.message.Message) -> None:
    reply.flags |= dns.flags.TC
    reply.answer = []


def test_an_answer_that_is_cut_off_comes_over_tcp(gate: Gate, secondary: Scripted) -> None:
    secondary.change = _truncated
    gate.serve(make_zone(ORIGIN, serial=1))
    gate.keys = [key(secondary.target)]
    hears(gate, secondary.target, Answer("serial", 1))


def _refused(reply: dns.message.Message) -> None:
    reply.set_rcode(dns.rcode.REFUSED)
    reply.answer = []


def _empty(reply: dns.message.Message) -> None:
    reply.answer = []


def _of_a_resolver(reply: dns.message.Message) -> None:
    reply.flags &= ~dns.flags.AA


def _unsigned(reply: dns.message.Message) -> None:
    reply.tsig = None


def _signed_by_another(reply: dns.message.Message) -> None:
    if reply.had_tsig or reply.keyring is not None:
        reply.use_tsig(dns.tsig.Key("k.", b"another secret of 32 octets, so.", "hmac-sha256."))
    else:
        _refused(reply)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_refused, "it answers REFUSED"),
        (_empty, "it answers without the SOA of the zone"),
        (_of_a_resolver, "its answer is not authoritative"),
    ],
)
def test_an_answer_without_a_serial_is_told(
    gate: Gate, secondary: Scripted, change: Change, problem: str
) -> None:
    secondary.change = change
    gate.serve(make_zone(ORIGIN, serial=1))
    gate.keys = [key(secondary.target)]
    hears(gate, secondary.target, Answer("error", problem=problem))
    name = str(secondary.target)
    # One that never gave a SOA may be there for NOTIFY only: nothing is known to be behind.
    assert gate.value("behind_seconds", secondary=name) is None


def test_one_that_signs_nothing_is_asked_as_resolvers_ask(gate: Gate, secondary: Scripted) -> None:
    secondary.change = _unsigned
    gate.serve(make_zone(ORIGIN, serial=1))
    gate.keys = [key(secondary.target)]
    hears(gate, secondary.target, Answer("serial", 1))
    assert [query.had_tsig for query in secondary.queries] == [True, False]


def test_what_is_signed_wrongly_is_not_believed(gate: Gate, secondary: Scripted) -> None:
    secondary.change = _signed_by_another
    gate.serve(make_zone(ORIGIN, serial=1))
    gate.keys = [key(secondary.target)]
    hears(gate, secondary.target, Answer("error", problem="it answers REFUSED"))


def test_a_key_that_the_secondary_does_not_know_is_told(gate: Gate, secondary: Scripted) -> None:
    secondary.change = _refused
    secondary.tsig_error = dns.rcode.BADKEY
    gate.serve(make_zone(ORIGIN, serial=1))
    gate.keys = [key(secondary.target)]
    problem = "it does not know the key k. (BADKEY)"
    hears(gate, secondary.target, Answer("error", problem=problem))


def test_while_a_secret_is_exchanged_the_one_that_it_knows_is_found(
    gate: Gate, secondary: Scripted
) -> None:
    gate.serve(make_zone(ORIGIN, serial=1))
    wrong = key(secondary.target, name="a.", secret=b"w" * 32)
    gate.keys = [wrong, key(secondary.target)]
    hears(gate, secondary.target, Answer("serial", 1))


def test_who_never_answered_is_unknown_and_who_stops_to_answer_is_silent(
    gate: Gate, secondary: Scripted
) -> None:
    nobody = Target("127.0.0.1", free_port())
    gate.serve(make_zone(ORIGIN, serial=1))
    gate.serve(make_zone(OTHER, serial=1))
    gate.keys = [key(nobody, secondary.target)]
    hears(gate, secondary.target, Answer("serial", 1))
    hears(gate, secondary.target, Answer("serial", 1), OTHER)
    hears(gate, nobody, one_secondary.NEVER)
    secondary.serial = None
    gate.serve(make_zone(ORIGIN, serial=2))
    for origin in (ORIGIN, OTHER):
        wait_for(
            f"silence about {origin}",
            lambda origin=origin: (
                getattr(gate.answer(origin, secondary.target), "kind", "") == "silence"
            ),
            3 * SECONDS,
        )
    secondary.serial = 2
    hears(gate, secondary.target, Answer("serial", 2))
    assert gate.value("behind_seconds", secondary=str(nobody)) is None
    assert gate.value("zones", secondary=str(nobody), state="Unknown") == 2


def test_zones_and_secondaries_that_go_are_told_no_more(gate: Gate, secondary: Scripted) -> None:
    gate.serve(make_zone(ORIGIN, serial=1))
    gate.serve(make_zone(OTHER, serial=1))
    gate.keys = [key(secondary.target)]
    hears(gate, secondary.target, Answer("serial", 1))
    hears(gate, secondary.target, Answer("serial", 1), OTHER)
    gate.remove(OTHER)
    wait_for("one zone", lambda: len(gate.answers()) == 1, SECONDS)
    gate.keys = [key(secondary.target, zones=OTHER)]
    wait_for("none", lambda: gate.answers() == {}, SECONDS)
    gate.keys = [key()]
    wait_for("no series", lambda: gate.watch.standings() == {}, SECONDS)
