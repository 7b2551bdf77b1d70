"""The engine's sockets as Python sees them, and the kernel's choice of a shard for each name."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from dnsfleet import rings
from dnsfleet_engine import Engine
from support.waiting import wait_for

NAMES = 10_000
WINDOW = 100
"""Queries in flight: few enough for the smallest socket buffers."""

REPLY_SECONDS = 5.0


@contextmanager
def serving(host: str, shards: int) -> Iterator[tuple[Engine, socket.socket]]:
    """A running engine without zones, and a UDP socket connected to it."""
    engine = Engine()
    [address] = engine.start([(host, 0)], shards)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as client:
            client.settimeout(REPLY_SECONDS)
            client.connect(address)
            yield engine, client
    finally:
        engine.stop()


def wire(text: str) -> bytes:
    labels = text.encode().split(b".")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def query(name: bytes) -> bytes:
    """A query for NAME A IN."""
    return bytes.fromhex("1234 0100 0001 0000 0000 0000") + name + bytes.fromhex("0001 0001")


def queries(engine: Engine, counter: str = "queries_udp4") -> list[int]:
    return [row[counter] for row in engine.counters()]


def names() -> list[bytes]:
    """Short names, deep ones, and ones longer than the part that is hashed."""
    texts = []
    for number in range(NAMES // 4):
        texts += [
            f"host-{number}.example.com",
            f"www.customer{number}.net",
            f"{number:x}.some.deep.zone.with.many.labels.example.org",
            f"{'long-label' * 5}.{number:x}.{'more' * 12}.example",
        ]
    return [wire(text) for text in texts]


@pytest.mark.parametrize("shards", [2, 3, 4])
def test_the_kernel_gives_every_name_to_its_owner_in_any_letter_case(shards: int) -> None:
    owned: dict[int, list[bytes]] = {shard: [] for shard in range(shards)}
    for name in names():
        owned[rings.owner(name, shards)] += [name, name.upper()]
    assert sum(map(len, owned.values())) == 2 * NAMES
    with serving("127.0.0.1", shards) as (engine, client):
        assert engine.steering_error() is None
        expected = [0] * shards
        for shard, members in owned.items():
            for start in range(0, len(members), WINDOW):
                window = members[start : start + WINDOW]
                for name in window:
                    client.send(query(name))
                for _ in window:
                    client.recv(512)
            # Only this shard's counter grew, by all of its names: each went to its owner.
            expected[shard] = len(members)
            assert queries(engine) == expected


def test_ipv6_queries_go_to_the_same_owner() -> None:
    with serving("::1", 3) as (engine, client):
        expected = [0, 0, 0]
        for name in names()[:200]:
            client.send(query(name))
            client.recv(512)
            expected[rings.owner(name, 3)] += 1
        assert queries(engine, "queries_udp6") == expected


def test_a_datagram_without_a_name_is_counted_and_dropped() -> None:
    with serving("127.0.0.1", 2) as (engine, client):
        client.send(b"\0" * 11)
        wait_for("the drop", lambda: engine.counters()[0]["dropped"] == 1, REPLY_SECONDS)


def test_counters_have_the_names_of_the_interface_and_outlive_a_stop() -> None:
    with serving("127.0.0.1", 2) as (engine, client):
        client.send(query(wire("example.com")))
        client.recv(512)
        before = engine.counters()
        engine.stop()
        assert engine.counters() == before
        engine.start([("127.0.0.1", 0)], 2)
        assert engine.counters() == before
    families = {f"queries_{transport}{family}" for transport in ("udp", "tcp") for family in "46"}
    codes = "noerror formerr servfail nxdomain notimp refused yxdomain notauth badvers badcookie"
    rcodes = {f"rcode_{code}" for code in codes.split()}
    cookies = {f"cookies_{presented}" for presented in ("client", "valid", "invalid")}
    limits = {"rate_limit_slipped", "rate_limit_dropped", "tcp_evicted", "proxy_refused"}
    frequent = "A AAAA HTTPS SVCB MX TXT NS SOA CNAME SRV PTR DS DNSKEY CAA ANY other"
    types = {f"type_{each}" for each in frequent.split()}
    bounds = [f"{digit}{'0' * zeros}" for zeros in range(5) for digit in (1, 2, 5)][1:]
    durations = {
        f"duration_{transport}_{each}"
        for transport in ("udp", "tcp")
        for each in (*bounds, "100000", "inf", "ns")
    }
    caches = {"cache_hits", "cache_misses", "cache_evictions"}
    others = {"truncated", "dropped", "panics", "receive_drops"} | limits | caches
    assert set(before[0]) == families | rcodes | cookies | types | durations | others
    assert sum(row["rcode_refused"] for row in before) == 1


def test_a_port_in_use_is_refused_with_its_address() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as busy:
        busy.bind(("127.0.0.1", 0))
        host, port = busy.getsockname()
        with pytest.raises(OSError, match="address already in use") as caught:
            Engine().start([(host, port)], 2)
    reason = "address already in use: stop the server that has it or choose another port"
    assert str(caught.value) == f"{host}:{port}/udp: {reason}"


def test_what_cannot_be_started_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^localhost: write an IPv4 or IPv6 address$"):
        Engine().start([("localhost", 0)], 1)
    with pytest.raises(ValueError, match=r"^0 shards: use 1 to 64$"):
        Engine().start([("127.0.0.1", 0)], 0)
    with (
        serving("127.0.0.1", 1) as (engine, _),
        pytest.raises(RuntimeError, match=r"^the engine serves already: stop it first$"),
    ):
        engine.start([("127.0.0.1", 0)], 1)
