"""NOTIFY of primaries: a gate passes it on, and the zone is asked for at once."""

import asyncio
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import dns.asyncquery
import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import pytest
from dnsfleet.resources import Reference, Zone
from dnsfleet.tsig_keys import Target
from dnsfleet_engine import Engine
from dnsfleet_following.status import Readiness, Status
from dnsfleet_gate import passing
from dnsfleet_gate.answering import Reply
from dnsfleet_gate.metrics import Metrics
from dnsfleet_gate.passing import Passing
from dnsfleet_publisher.transferring import connections, notify_port, turns
from dnsfleet_publisher.transferring.notify_port import NotifyPort
from dnsfleet_publisher.transferring.transfers import Transfers
from dnsfleet_publisher.zone_sources import SourceError
from support import gate_servers, yaml_resources
from support.ports import free_port
from support.scripted_primaries import ORIGIN, SECONDS, Primary, key, notify, serving
from support.transfer_servers import Replies
from support.waiting import wait_for


class Gate:
    """A gate in this process, without zones and keys."""

    def __init__(self, notify: tuple[str, int] | None) -> None:
        self.port = free_port()
        engine = Engine()
        self.metrics = Metrics(engine, Readiness(), Status())
        self.server = gate_servers.server(engine, dict, self.metrics, self.port, notify=notify)


async def pass_on(to: Passing) -> Reply | None:
    """What a primary gets for a new NOTIFY."""
    wire = notify().to_wire()
    request = passing.signed_notify(wire)
    assert request is not None
    return await to.answer(request, wire)


@asynccontextmanager
async def rig(notify: tuple[str, int] | None = None) -> AsyncIterator[Gate]:
    made = Gate(notify)
    await made.server.start()
    try:
        yield made
    finally:
        await made.server.stop()


@contextmanager
def hearing(leads: bool = True) -> Iterator[tuple[NotifyPort, list[str]]]:
    heard: list[str] = []

    def notified(origin: str, _: str) -> bool:
        heard.append(origin)
        return True

    port = NotifyPort(("127.0.0.1", 0), lambda: {"k": key()}, notified, lambda: leads)
    port.start()
    try:
        yield port, heard
    finally:
        port.stop()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_gate_gives_the_primary_the_reply_of_the_operator(transport: str) -> None:
    ask = dns.asyncquery.udp if transport == "udp" else dns.asyncquery.tcp

    async def run() -> None:
        with hearing() as (port, heard):
            async with rig(notify=("localhost", port.port)) as gate:
                query = notify()
                reply = await ask(query, "127.0.0.1", SECONDS, gate.port)
                assert (reply.rcode(), heard) == (dns.rcode.NOERROR, [ORIGIN])
                assert reply.had_tsig
                for name, secret, error in (
                    ("j.", b"a secret of thirty-two octets...", dns.tsig.PeerBadKey),
                    ("k.", b"another secret of as many octets", dns.tsig.PeerBadSignature),
                ):
                    with pytest.raises(error):
                        await ask(
                            notify(made_by=dns.tsig.Key(name, secret)),
                            "127.0.0.1",
                            SECONDS,
                            gate.port,
                        )
                plain = notify()
                plain.tsig = None
                reply = await ask(plain, "127.0.0.1", SECONDS, gate.port)
                assert reply.rcode() == dns.rcode.REFUSED
                assert heard == [ORIGIN]
                found = gate.metrics.registry.get_sample_value(
                    "dnsfleet_gate_tsig_errors_total", {"error": "BADKEY"}
                )
                assert found == 1

    asyncio.run(run())


def test_where_no_operator_leads_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "TRY_SECONDS", (0.1, 0.1))

    async def run() -> None:
        with hearing(leads=False) as (port, heard):
            async with rig(notify=("127.0.0.1", port.port)) as gate:
                with pytest.raises(dns.exception.Timeout):
                    await dns.asyncquery.udp(notify(), "127.0.0.1", 1, gate.port)
                with pytest.raises(EOFError):
                    await dns.asyncquery.tcp(notify(), "127.0.0.1", SECONDS, gate.port)
                query = dns.message.make_query("example.com.", "SOA")
                reply = await dns.asyncquery.udp(query, "127.0.0.1", SECONDS, gate.port)
                assert reply.rcode() == dns.rcode.REFUSED  # it answers all the same
                assert not heard

    asyncio.run(run())


def test_a_gate_without_an_operator_refuses() -> None:
    async def run() -> None:
        async with rig() as gate:
            with pytest.raises(dns.tsig.PeerBadKey):
                await dns.asyncquery.udp(
                    notify(made_by=dns.tsig.Key("j.", b"j" * 32)), "127.0.0.1", SECONDS, gate.port
                )

    asyncio.run(run())


def test_an_operator_that_is_away_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        with hearing() as (port, heard):
            away = [("255.255.255.255", each) for each in range(1, 21)]  # none may send there
            found = [(socket.AF_INET, 0, 0, "", at) for at in [*away, ("127.0.0.1", port.port)]]

            async def lookup(*_: object, **__: object) -> list[object]:
                return list(found)

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
            reply = await pass_on(Passing("operators", port.port))
            assert reply is not None and reply.rcode == dns.rcode.NOERROR
            assert heard == [ORIGIN]

    asyncio.run(run())


def test_many_messages_are_few_look_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        with hearing() as (port, heard):
            asked: list[bool] = []
            works = False

            async def lookup(*_: object, **__: object) -> list[object]:
                asked.append(works)
                await asyncio.sleep(0.05)
                if not works:
                    raise socket.gaierror(socket.EAI_AGAIN, "try again")
                return [(socket.AF_INET, 0, 0, "", ("127.0.0.1", port.port))]

            async def answers(passed: Passing) -> int:
                many = (pass_on(passed) for _ in range(50))
                return sum(each is not None for each in await asyncio.gather(*many))

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
            monkeypatch.setattr(passing, "FAILED_SECONDS", 60.0)
            monkeypatch.setattr(passing, "KNOWN_SECONDS", 60.0)
            assert await answers(Passing("operators", port.port)) == 0
            assert asked == [False]
            works = True
            assert await answers(Passing("operators", port.port)) == len(heard) == 50
            assert asked == [False, True]

    asyncio.run(run())


def test_operators_stay_known_while_they_cannot_be_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def run() -> None:
        with hearing() as (port, heard):
            works = True

            async def lookup(*_: object, **__: object) -> list[object]:
                if not works:
                    raise socket.gaierror(socket.EAI_AGAIN, "try again")
                return [(socket.AF_INET, 0, 0, "", ("127.0.0.1", port.port))]

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
            monkeypatch.setattr(passing, "KNOWN_SECONDS", 0.0)
            passed = Passing("operators", port.port)
            assert await pass_on(passed) is not None
            works = False
            assert await pass_on(passed) is not None
            assert len(heard) == 2

    asyncio.run(run())


def test_a_flood_costs_a_bounded_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify_port, "PER_SECOND", 3)
    with hearing() as (port, heard):
        answered = 0
        for _ in range(20):
            try:
                wire = notify().to_wire()
                with dns.query.socket_factory(2, 2, 0) as made:
                    made.settimeout(0.05)
                    made.sendto(wire, ("127.0.0.1", port.port))
                    made.recvfrom(65535)
                    answered += 1
            except TimeoutError:
                continue
        assert 3 <= answered == len(heard) < 12


def test_it_stops_where_there_is_no_loopback() -> None:
    """As where IPv6 is switched off: `*` stands for `::`, and nobody reaches `::1`."""
    code = """if True:
        from dnsfleet_publisher.transferring.notify_port import NotifyPort
        port = NotifyPort(("*", 0), dict, lambda *_: True)
        port.start()
        port.stop()
    """
    command = ["unshare", "--map-root-user", "--net", sys.executable, "-c", code]
    subprocess.run(command, check=True, timeout=60)


def test_a_zone_is_asked_for_at_once_and_once_a_second() -> None:
    with serving(Primary()) as primary:
        keys = {"k": key(primary.target)}
        ready: queue.SimpleQueue[Reference] = queue.SimpleQueue()
        transfers = Transfers(lambda: keys, ready.put)
        try:
            one = zone_object(primary.target)
            with pytest.raises(SourceError):
                transfers.read(one)
            ready.get(timeout=SECONDS)
            assert not transfers.notified("two.example.", "k.")
            assert not transfers.notified(ORIGIN, "other.")
            primary.set(2, 1, 2)
            began = time.monotonic()
            assert transfers.notified(ORIGIN, "k.")
            ready.get(timeout=SECONDS)
            assert b"h2" in transfers.read(one).text
            asked = primary.asked.count("SOA")
            while time.monotonic() - began < 2.5:
                transfers.notified(ORIGIN, "k.")
                time.sleep(0.01)
            elapsed = time.monotonic() - began
            assert 1 <= primary.asked.count("SOA") - asked <= elapsed + 1
            primary.set(3, 1)  # the last one counts, whatever came before it
            transfers.notified(ORIGIN, "k.")
            ready.get(timeout=SECONDS)
            assert b"h2" not in transfers.read(one).text
        finally:
            transfers.close()


class Silent(Primary):
    """A primary that takes each question, and says nothing until it is back."""

    def __init__(self) -> None:
        super().__init__()
        self.back = threading.Event()

    def answer(self, replies: Replies, send: Callable[[bytes], object]) -> None:
        if self.back.is_set():
            super().answer(replies, send)
        else:
            self.back.wait(60)


class Following:
    """One Zone with these primaries, from its first round on."""

    def __init__(self, *primaries: Primary) -> None:
        targets = [each.target for each in primaries]
        keys = {"k": key(*targets)}
        self.ready: queue.SimpleQueue[Reference] = queue.SimpleQueue()
        self.transfers = Transfers(lambda: keys, self.ready.put)
        self.zone = zone_object(*targets)
        with pytest.raises(SourceError):
            self.transfers.read(self.zone)

    def wait(self, told: str, serial: int | None, seconds: float = SECONDS) -> None:
        """Until this is told of its primaries, and it has this serial."""

        def stands() -> bool:
            found = self.transfers.standing(self.zone.reference)
            return found is not None and told in found.message and found.serial == serial

        wait_for(f"{told} {serial}", stands, seconds)

    def notified(self) -> None:
        assert self.transfers.notified(ORIGIN, "k.")


@pytest.fixture(name="silent")
def _silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silent]:
    monkeypatch.setattr(connections, "SILENT_SECONDS", 0.5)
    with serving(Silent()) as made:
        assert isinstance(made, Silent)
        yield made
        made.back.set()


def test_a_primary_that_is_away_keeps_no_change_of_another_waiting(
    silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Primary()) as alive:
        following = Following(alive, silent)
        try:
            following.wait("nothing more came", 1)
            monkeypatch.setattr(connections, "SILENT_SECONDS", 60.0)
            for serial in (2, 3, 4):
                alive.set(serial, 1)
                following.notified()
                following.wait("nothing more came", serial)
        finally:
            silent.back.set()
            following.transfers.close()


def test_a_primary_that_is_back_is_asked_when_its_time_is_over(
    silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LEFT_ALONE_SECONDS", 2.0)
    with serving(Primary()) as alive:
        following = Following(alive, silent)
        try:
            following.wait("nothing more came", 1)
            silent.set(2, 1)
            silent.back.set()
            following.notified()
            following.wait("", 2)
        finally:
            following.transfers.close()


def test_an_only_primary_that_is_back_is_asked_at_once(silent: Silent) -> None:
    following = Following(silent)
    try:
        following.wait("nothing more came", None)
        silent.back.set()
        following.notified()
        following.wait("", 1, seconds=turns.LEFT_ALONE_SECONDS / 2)
    finally:
        following.transfers.close()


def zone_object(*targets: Target) -> Zone:
    rows = ", ".join(f"{{address: '{each.address}', port: {each.port}}}" for each in targets)
    source = f"{{transfer: {{primaries: [{rows}], tsigKey: {{name: k}}}}}}"
    spec = f"{{origin: {ORIGIN}, nameServers: null, soa: null, source: {source}}}"
    return yaml_resources.zone(spec, name="one")
