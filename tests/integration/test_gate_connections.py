"""The sockets of a gate: limits, slow clients, stops, and NOTIFY to secondaries."""

import asyncio
import contextlib
import gc
import resource
import select
import socket
import struct
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.message
import dns.opcode
import dns.rcode
import dns.tsig
import pytest
from dnsfleet.tsig_keys import Target, UsableKey
from dnsfleet_engine import Engine, Zone
from dnsfleet_following.status import Readiness, Status
from dnsfleet_gate import notifying, serving, signing
from dnsfleet_gate.answering import Outgoing
from dnsfleet_gate.config import CONNECTIONS
from dnsfleet_gate.messages import MAX_MESSAGE
from dnsfleet_gate.metrics import Metrics
from dnsfleet_gate.notifying import Notifier
from support import gate_servers
from support.ports import free_port
from support.zones import hosts, make_zone

ORIGIN = "example.com."
KEY = UsableKey("k.", "hmac-sha256", b"k" * 32, None, ())
SECONDS = 10.0


class Rig:
    """A server in this process, with one zone."""

    def __init__(self, **config: Any) -> None:
        self.port = free_port()
        self.clients: list[Client] = []
        self.keys = [KEY]
        self.engine = Engine()
        self.metrics = Metrics(self.engine, Readiness(), Status())
        table = signing.key_table([KEY])
        self.server = gate_servers.server(
            self.engine, lambda: table, self.metrics, self.port, **config
        )

    def value(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"dnsfleet_gate_{name}", labels) or 0.0

    async def connect(self, buffer: int = 1 << 16) -> "Client":
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self.port))
        self.clients.append(Client(*await asyncio.open_connection(sock=made, limit=buffer)))
        return self.clients[-1]


class Client:
    """A connection to a gate."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def ask(self, rtype: str) -> dns.message.Message:
        query = dns.message.make_query(ORIGIN, rtype)
        query.use_tsig(signing.usual(KEY))
        self.write(query.to_wire())
        return query

    def write(self, wire: bytes) -> None:
        self.writer.write(struct.pack("!H", len(wire)) + wire)

    async def read(self) -> bytes:
        """The next message; empty at the end of the connection."""
        try:
            async with asyncio.timeout(SECONDS):
                (length,) = struct.unpack("!H", await self.reader.readexactly(2))
                return await self.reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    async def takes(self, zone: Zone) -> None:
        """Read a whole transfer of a zone, which has its SOA twice."""
        left = zone.records + 1
        while left > 0:
            wire = await self.read()
            assert wire, "the transfer broke"
            left -= int.from_bytes(wire[6:8])
        assert left == 0

    async def close(self) -> None:
        self.writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@asynccontextmanager
async def rig(zone: Zone | None = None, **config: Any) -> AsyncIterator[Rig]:
    made = Rig(**config)
    made.engine.load(zone or make_zone(ORIGIN, hosts(5)))
    await made.server.start()
    try:
        yield made
    finally:
        for client in made.clients:
            await client.close()
        await made.server.stop()


async def until(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.01)


async def all_stand_still(made: Rig, clients: list[Client]) -> float:
    """Have clients begin a transfer and take nothing, until all buffers are full; octets sent."""
    for client in clients:
        client.ask("AXFR")
    started = len(clients) * 65000
    await until("all transfer", lambda: made.value("transferred_bytes_total") > started)
    before = -1.0
    while before != (before := made.value("transferred_bytes_total")):
        await asyncio.sleep(0.2)
    return before


def test_requests_of_a_connection_are_answered_in_their_order() -> None:
    async def run() -> None:
        async with rig() as made:
            client = await made.connect()
            asked = [client.ask(rtype) for rtype in ("SOA", "AXFR", "A", "SOA")]
            for query in asked:
                reply = dns.message.from_wire(
                    await client.read(), keyring=query.keyring, request_mac=query.mac
                )
                assert query.is_response(reply)
            assert made.value("replies_total", rcode="NOERROR") == 2
            assert made.value("replies_total", rcode="REFUSED") == 1
            assert made.value("transfers_total", type="axfr", outcome="done") == 1

    asyncio.run(run())


@pytest.mark.parametrize("host", ["*", "one"])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a_reply_over_udp_is_from_the_address_that_was_asked(address: str, host: str) -> None:
    async def run() -> None:
        async with rig(host=address if host == "one" else host) as made:
            query = dns.message.make_query(ORIGIN, "SOA")
            query.use_tsig(signing.usual(KEY))
            for _ in range(3):  # one from another address is not taken
                reply = await dns.asyncquery.udp(query, address, SECONDS, made.port)
                assert reply.answer

    asyncio.run(run())


@pytest.mark.parametrize("limit", ["connections", "connections_of_one"])
def test_connections_beyond_the_limit_are_closed_and_the_others_go_on(limit: str) -> None:
    async def run() -> None:
        async with rig(**{limit: 2}) as made:
            first, second = await made.connect(), await made.connect()
            for client in (first, second):
                client.ask("SOA")
                assert await client.read()
            third = await made.connect()
            assert await third.read() == b""
            assert made.value("connections_refused_total") == 1
            second.ask("SOA")
            assert await second.read()
            await first.close()
            await until("one", lambda: made.value("connections") == 1)
            fourth = await made.connect()
            fourth.ask("SOA")
            assert await fourth.read()

    asyncio.run(run())


@pytest.mark.parametrize("rtype", ["SOA", "AXFR"])
def test_who_has_shown_no_key_gives_way_to_others(rtype: str) -> None:
    async def run() -> None:
        async with rig(connections=2) as made:
            silent, first = await made.connect(), await made.connect()
            first.ask(rtype)
            assert await first.read()
            wrong = dns.message.make_query(ORIGIN, "SOA")
            wrong.use_tsig(dns.tsig.Key("k.", b"x" * 32, "hmac-sha256"))
            silent.write(wrong.to_wire())
            assert await silent.read()
            second = await made.connect()
            assert await silent.read() == b""
            for client in (first, second):
                client.ask("SOA")
                assert await client.read()
            assert made.value("connections_refused_total") == 1
            assert made.value("connections") == 2

    asyncio.run(run())


def test_ten_thousand_connections_at_once() -> None:
    """As many as there may be stay open, the others are closed, and nothing else changes."""
    addresses, of_each = 200, 50

    async def knock(made: Rig, host: int) -> socket.socket:
        client = socket.socket()
        client.setblocking(False)
        client.bind((f"127.0.1.{host}", 0))
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", made.port))
        return client

    async def run() -> None:
        async with rig() as made:
            tracemalloc.start()
            clients: list[socket.socket] = []
            try:
                for _ in range(of_each):
                    hosts_of_all = range(1, addresses + 1)
                    clients += await asyncio.gather(*(knock(made, host) for host in hosts_of_all))
                beyond = len(clients) - CONNECTIONS
                await until("closed", lambda: made.value("connections_refused_total") == beyond)
                # Those that gave way are closed a turn of the loop later.
                await until("as many as may", lambda: made.value("connections") == CONNECTIONS)
                held, _ = tracemalloc.get_traced_memory()
                assert held < CONNECTIONS * 100_000
                for client in clients:
                    client.close()
                clients.clear()
                await until("all closed", lambda: made.value("connections") == 0)
                late = await made.connect()
                late.ask("SOA")
                assert await late.read()
            finally:
                tracemalloc.stop()
                for client in clients:
                    client.close()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 3 * addresses * of_each), hard))
    try:
        asyncio.run(run())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_says_nothing_or_half_a_message_loses_the_connection() -> None:
    async def run() -> None:
        async with rig(idle_seconds=0.2) as made:
            silent, half = await made.connect(), await made.connect()
            half.writer.write(b"\0\x20abc")
            assert await silent.read() == await half.read() == b""
            await until("none", lambda: made.value("connections") == 0)

    asyncio.run(run())


def test_slow_clients_cost_no_others_and_no_memory_for_their_zones() -> None:
    big = make_zone(ORIGIN, hosts(60_000))

    async def run() -> None:
        async with rig(big) as made:
            slow = [await made.connect(4096) for _ in range(20)]
            before = await all_stand_still(made, slow)
            # What the buffers of a connection take, at both ends, and not all of the zone.
            assert before < 20 * 900_000 < 20 * len(big.encode())
            small = make_zone(ORIGIN, hosts(5), serial=1)
            made.engine.load(small)
            fast = await made.connect()
            fast.ask("AXFR")
            await fast.takes(small)
            for client in slow[:3]:
                await client.takes(big)  # the zone of their beginning

    asyncio.run(run())


def test_a_client_that_stands_still_costs_the_memory_of_one_message() -> None:
    big = make_zone(ORIGIN, hosts(60_000))

    async def run() -> None:
        async with rig(big) as made:
            slow = [await made.connect(4096) for _ in range(20)]
            await until("all are there", lambda: made.value("connections") == len(slow))
            before, _ = tracemalloc.get_traced_memory()
            await all_stand_still(made, slow)
            after, _ = tracemalloc.get_traced_memory()
            # The rest of one message and some objects, but not a second message.
            assert after - before < len(slow) * 1.5 * MAX_MESSAGE

    tracemalloc.start()
    try:
        asyncio.run(run())
    finally:
        tracemalloc.stop()


def kept() -> int:
    """How many transfers there are in memory."""
    return sum(isinstance(each, Outgoing) for each in gc.get_objects())


def test_a_client_that_goes_while_a_message_is_made_has_no_zone_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next write fails at once, and not in a turn of the loop."""
    make = Outgoing.message

    async def run() -> None:
        async with rig(make_zone(ORIGIN, hosts(60_000))) as made:
            query = dns.message.make_query(ORIGIN, "AXFR")
            query.use_tsig(signing.usual(KEY))
            wire = query.to_wire()
            client = socket.create_connection(("127.0.0.1", made.port))
            client.sendall(struct.pack("!H", len(wire)) + wire)

            def message(outgoing: Outgoing, now: int) -> bytes | None:
                if made.value("transferred_bytes_total") > 0:
                    client.close()  # with octets that nobody read: a reset
                return make(outgoing, now)

            monkeypatch.setattr(Outgoing, "message", message)
            await until("it begins", lambda: made.value("transferred_bytes_total") > 0)
            await until("the end", lambda: made.value("connections") == 0)
            await until("nothing is kept", lambda: kept() == 0)

    gc.collect()
    gc.disable()
    try:
        asyncio.run(run())
    finally:
        gc.enable()


@pytest.mark.parametrize("idle_seconds", [0.3, 30.0])
def test_a_transfer_that_broke_keeps_no_zone(idle_seconds: float) -> None:
    async def run() -> None:
        async with rig(make_zone(ORIGIN, hosts(60_000)), idle_seconds=idle_seconds) as made:
            client = await made.connect(4096)
            client.ask("AXFR")
            await until("it begins", lambda: made.value("transferred_bytes_total") > 0)
            assert kept() == 1
            if idle_seconds > SECONDS:
                await client.close()
            await until("the end", lambda: made.value("connections") == 0)
            await until("nothing is kept", lambda: kept() == 0)

    gc.collect()
    gc.disable()  # what is in a circle stays until the collector comes by
    try:
        asyncio.run(run())
    finally:
        gc.enable()


def test_a_client_that_takes_nothing_loses_its_transfer() -> None:
    async def run() -> None:
        async with rig(make_zone(ORIGIN, hosts(60_000)), idle_seconds=0.3) as made:
            client = await made.connect(4096)
            client.ask("AXFR")
            broken = {"type": "axfr", "outcome": "broken"}
            await until("the end", lambda: made.value("transfers_total", **broken) == 1)

    asyncio.run(run())


@pytest.mark.parametrize(("rtype", "times"), [("AXFR", 1), ("A", 50_000)])
def test_a_client_that_takes_nothing_keeps_no_socket(
    rtype: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by a transfer, nor by thousands of replies to what anybody may ask."""

    def sockets() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    async def run() -> None:
        async with rig(make_zone(ORIGIN, hosts(60_000)), idle_seconds=0.3) as made:
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", made.port))
                await until("it is there", lambda: made.value("connections") == 1)
                before = sockets()
                query = dns.message.make_query(ORIGIN, rtype)
                if rtype == "AXFR":
                    query.use_tsig(signing.usual(KEY))
                wire = query.to_wire()
                asked = (struct.pack("!H", len(wire)) + wire) * times
                client.setblocking(False)
                while asked:  # as long as anybody reads it
                    try:
                        asked = asked[client.send(asked) :]
                    except BlockingIOError:
                        await asyncio.sleep(0.01)
                    except ConnectionError:
                        break
                await until("the end", lambda: made.value("connections") == 0)
                await until("the socket is closed", lambda: sockets() < before)
                # What the kernel had for it is gone, too.
                reset = select.poll()
                reset.register(client, 0)
                await until("a reset", lambda: any(e & select.POLLERR for _, e in reset.poll(0)))

    monkeypatch.setattr(serving, "SEND_BUFFER", 4096)  # so that it is full soon
    asyncio.run(run())


def test_a_stop_lets_transfers_end_and_ends_the_rest() -> None:
    big = make_zone(ORIGIN, hosts(60_000))

    async def run() -> None:
        async with rig(big, drain_seconds=SECONDS) as made:
            idle, client = await made.connect(), await made.connect(4096)
            client.ask("AXFR")
            await until("it begins", lambda: made.value("transferred_bytes_total") > 0)
            stop = asyncio.create_task(made.server.stop())
            query = dns.message.make_query(ORIGIN, "SOA")
            query.use_tsig(signing.usual(KEY))
            assert (await dns.asyncquery.udp(query, "127.0.0.1", SECONDS, made.port)).answer
            await client.takes(big)
            assert await idle.read() == b""
            await stop

    asyncio.run(run())


def test_a_stop_waits_so_long_for_a_client_that_takes_nothing() -> None:
    async def run() -> None:
        async with rig(make_zone(ORIGIN, hosts(60_000)), drain_seconds=0.3) as made:
            client = await made.connect(4096)
            client.ask("AXFR")
            await until("it begins", lambda: made.value("transferred_bytes_total") > 0)
            began = time.monotonic()
            async with asyncio.timeout(SECONDS):
                await made.server.stop()
            assert time.monotonic() - began >= 0.3
            assert made.value("transfers_total", type="axfr", outcome="broken") == 1
            assert made.value("connections") == 0

    asyncio.run(run())


class Secondary(asyncio.DatagramProtocol):
    """Takes NOTIFY messages, and answers from the time on that it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[float, dns.message.Message]] = []
        self.rcode: dns.rcode.Rcode | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        try:
            query = dns.message.from_wire(data, keyring=signing.usual(KEY))
        except dns.tsig.BadKey:
            self.disbelieve(dns.message.from_wire(data, keyring=False), addr)
            return
        self.got.append((time.monotonic(), query))
        if self.rcode is not None:
            reply = dns.message.make_response(query)
            reply.set_rcode(self.rcode)
            self.transport.sendto(reply.to_wire(), addr)

    def disbelieve(self, query: dns.message.Message, addr: Any) -> None:
        """Say that the key is not known here."""
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.NOTAUTH)
        reply.use_tsig(signing.usual(KEY), tsig_error=dns.rcode.BADKEY)
        self.transport.sendto(reply.to_wire(), addr)

    @property
    def serials(self) -> list[int]:
        found = []
        for _, query in self.got:
            assert query.opcode() == dns.opcode.NOTIFY and query.had_tsig
            soa: Any = query.sections[1][0][0]
            found.append(soa.serial)
        return found


@asynccontextmanager
async def notified() -> AsyncIterator[tuple[Secondary, Notifier, Rig]]:
    made, port = Rig(), free_port()
    made.engine.load(make_zone(ORIGIN, serial=1))
    transport, secondary = await asyncio.get_running_loop().create_datagram_endpoint(
        Secondary, ("127.0.0.1", port)
    )
    made.keys = [KEY._replace(secondaries=(Target("127.0.0.1", port),))]
    notifier = Notifier(lambda: made.keys, made.engine.zone, made.metrics)
    try:
        yield secondary, notifier, made
    finally:
        await notifier.stop()
        transport.close()


def test_a_secondary_is_told_once_and_once_more_of_all_that_changed_meanwhile() -> None:
    async def run() -> None:
        async with notified() as (secondary, notifier, made):
            secondary.rcode = dns.rcode.NOERROR
            notifier.changed(ORIGIN)
            await until("the first", lambda: secondary.serials == [1])
            for serial in range(2, 30):
                made.engine.load(make_zone(ORIGIN, serial=serial))
                notifier.changed(ORIGIN)
            await until("the second", lambda: secondary.serials == [1, 29])
            (first, _), (second, _) = secondary.got
            assert second - first >= notifying.QUIET_SECONDS
            await until("both", lambda: made.value("notifies_total", outcome="answered") == 2)

    asyncio.run(run())


def test_a_change_that_comes_as_the_last_one_is_over_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sleep = asyncio.sleep

    async def run() -> None:
        async with notified() as (secondary, notifier, made):
            changes = [2]

            def change(serial: int) -> None:
                made.engine.load(make_zone(ORIGIN, serial=serial))
                notifier.changed(ORIGIN)

            async def quiet(seconds: float) -> None:
                if seconds == notifying.QUIET_SECONDS and changes:
                    # Right behind the step of the task that sees that nothing is due.
                    asyncio.get_running_loop().call_soon(change, changes.pop())
                else:
                    await sleep(seconds)

            monkeypatch.setattr(asyncio, "sleep", quiet)
            secondary.rcode = dns.rcode.NOERROR
            notifier.changed(ORIGIN)
            await until("both", lambda: secondary.serials == [1, 2])

    asyncio.run(run())


@pytest.mark.parametrize("rcode", [None, dns.rcode.REFUSED])
def test_a_secondary_that_does_not_take_it_is_told_again(
    monkeypatch: pytest.MonkeyPatch, rcode: dns.rcode.Rcode | None
) -> None:
    monkeypatch.setattr(notifying, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(notifying, "FIRST_WAIT_SECONDS", 0.05)

    async def run() -> None:
        async with notified() as (secondary, notifier, made):
            secondary.rcode = rcode
            notifier.changed(ORIGIN)
            await until("three tries", lambda: len(secondary.got) == 3)
            secondary.rcode = dns.rcode.NOERROR
            answered = {"outcome": "answered"}
            await until("the answer", lambda: made.value("notifies_total", **answered) == 1)
            assert made.value("notifies_total", outcome="retried") >= 2

    asyncio.run(run())


def test_a_secondary_that_never_answers_is_given_up_until_the_next_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notifying, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(notifying, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(notifying, "LONGEST_WAIT_SECONDS", 0.02)

    async def run() -> None:
        async with notified() as (secondary, notifier, made):
            notifier.changed(ORIGIN)
            given_up = {"outcome": "given_up"}
            await until("the end", lambda: made.value("notifies_total", **given_up) == 1)
            assert len(secondary.got) == notifying.TRIES
            secondary.rcode = dns.rcode.NOERROR
            notifier.changed(ORIGIN)
            answered = {"outcome": "answered"}
            await until("the answer", lambda: made.value("notifies_total", **answered) == 1)

    asyncio.run(run())


def test_a_change_that_comes_between_tries_has_tries_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notifying, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(notifying, "FIRST_WAIT_SECONDS", 1.0)
    monkeypatch.setattr(notifying, "TRIES", 2)

    async def run() -> None:
        async with notified() as (secondary, notifier, made):
            notifier.changed(ORIGIN)
            await until("the first", lambda: made.value("notifies_total", outcome="retried") == 1)
            made.engine.load(make_zone(ORIGIN, serial=2))
            notifier.changed(ORIGIN)
            given_up = {"outcome": "given_up"}
            await until("the end", lambda: made.value("notifies_total", **given_up) == 1)
            assert secondary.serials == [1, 2, 2]

    asyncio.run(run())


def test_what_changes_after_the_last_try_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(notifying, "FIRST_WAIT_SECONDS", 10 * SECONDS)
    monkeypatch.setattr(notifying, "TRIES", 1)

    async def run() -> None:
        async with notified() as (secondary, notifier, made):
            notifier.changed(ORIGIN)
            given_up = {"outcome": "given_up"}
            await until("the end", lambda: made.value("notifies_total", **given_up) == 1)
            notifier.changed(ORIGIN)
            await until("the next", lambda: len(secondary.got) == 2)

    asyncio.run(run())


def test_a_dead_secondary_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "ANSWER_SECONDS", 10 * SECONDS)
    monkeypatch.setattr(notifying, "AT_ONCE", 1)

    async def run() -> None:
        async with notified() as (secondary, notifier, made):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dead:
                dead.bind(("127.0.0.1", 0))
                target = Target("127.0.0.1", dead.getsockname()[1])
                alive = made.keys[0].secondaries
                made.keys = [KEY._replace(secondaries=(target, *alive))]
                notifier.changed(ORIGIN)
                await until("the other", lambda: secondary.serials == [1])

    asyncio.run(run())


def test_a_secondary_that_does_not_know_the_key_is_told_by_another_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notifying, "FIRST_WAIT_SECONDS", 0.05)

    async def run() -> None:
        async with notified() as (secondary, notifier, made):
            secondary.rcode = dns.rcode.NOERROR
            made.keys.insert(0, made.keys[0]._replace(name="next."))
            notifier.changed(ORIGIN)
            await until("the other key", lambda: secondary.serials == [1])

    asyncio.run(run())
    assert "it does not know the key next. (BADKEY)" in caplog.text
