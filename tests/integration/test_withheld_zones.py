"""How an independent client (dnspython) sees zones that should be served and have no data."""

import socket
from collections.abc import Iterator

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from dnsfleet_engine import Engine
from support.proxies import proxied
from support.zones import make_zone

HOST = "127.0.0.1"
SECONDS = 5.0
PER_SECOND = 20
FLOOD = 200


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(identity="ams1")
    engine.load(make_zone("example.com", [("www", "A", "192.0.2.1")]))
    engine.set_cookie_secrets([bytes(16)])
    yield engine
    engine.stop()


def ask(
    address: tuple[str, int], name: str, *options: dns.edns.Option, edns: int = 0
) -> dns.message.Message:
    query = dns.message.make_query(name, "A", use_edns=edns, options=options)
    over_udp = dns.query.udp(query, address[0], SECONDS, address[1])
    over_tcp = dns.query.tcp(query, address[0], SECONDS, address[1])
    assert over_udp == over_tcp
    assert over_udp.answer or not over_udp.flags & dns.flags.AA
    return over_udp


def counted(engine: Engine, name: str) -> int:
    return sum(row[name] for row in engine.counters())


def test_a_zone_is_withheld_until_it_is_loaded_or_removed(engine: Engine) -> None:
    [address] = engine.start([(HOST, 0)], 1)
    zone = make_zone("sub.example.com", [("www", "A", "192.0.2.2")])
    engine.withhold("Sub.Example.COM")
    engine.withhold("example.net.")
    assert engine.origins() == ["example.com."]
    assert engine.zone("sub.example.com") is None
    for name in ("www.sub.example.com", "example.net"):
        reply = ask(address, name)
        assert reply.rcode() == dns.rcode.SERVFAIL
        [error] = reply.extended_errors()
        assert (error.code, error.text) == (dns.edns.EDECode.NOT_READY, None)
        without_edns = ask(address, name, edns=-1)
        assert (without_edns.rcode(), without_edns.edns) == (dns.rcode.SERVFAIL, -1)
    assert counted(engine, "rcode_servfail") == 8
    assert counted(engine, "panics") == 0
    assert ask(address, "www.example.com").answer
    engine.load(zone)
    assert ask(address, "www.sub.example.com").answer
    engine.remove("example.net")
    assert ask(address, "www.example.net").rcode() == dns.rcode.REFUSED
    assert engine.origins() == ["example.com.", "sub.example.com."]


def test_a_zone_that_is_served_stays_served(engine: Engine) -> None:
    [address] = engine.start([(HOST, 0)], 1)
    engine.withhold("example.com")
    assert ask(address, "www.example.com").answer
    assert engine.origins() == ["example.com."]


def test_identity_and_cookie_are_there_too(engine: Engine) -> None:
    [address] = engine.start([(HOST, 0)], 1)
    engine.withhold("example.net")
    client = b"01234567"
    asked = dns.edns.NSIDOption(b""), dns.edns.CookieOption(client, b"")
    nsid, cookie, error = ask(address, "www.example.net", *asked).options
    assert nsid.to_text() == "NSID ams1"
    assert isinstance(cookie, dns.edns.CookieOption)
    assert (cookie.client, len(cookie.server)) == (client, 16)
    assert isinstance(error, dns.edns.EDEOption)
    assert counted(engine, "cookies_client") == 2  # over UDP and over TCP


@pytest.mark.parametrize("origin", ["", "a..b", "x" * 64])
def test_what_is_no_origin_is_told(engine: Engine, origin: str) -> None:
    for method in (engine.withhold, engine.remove):
        with pytest.raises(ValueError, match=f"^origin {origin}: "):
            method(origin)


def test_a_flood_about_one_withheld_zone_costs_no_reply_about_another(engine: Engine) -> None:
    engine.withhold("example.net")
    engine.withhold("example.org")
    [address] = engine.start([(HOST, 0)], 1, PER_SECOND, [], [f"{HOST}/32"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(SECONDS)
        sock.connect(address)

        def replies(name: str, count: int) -> list[dns.message.Message]:
            """The replies to queries of one client for different names below `name`."""
            last = dns.message.make_query("www.example.com", "A", id=1)
            for number in range(count):
                query = dns.message.make_query(f"{number}.{name}", "A", id=0)
                sock.send(proxied("192.0.2.7", query.to_wire()))
            sock.send(proxied("203.0.113.7", last.to_wire()))
            found = []
            while (reply := dns.message.from_wire(sock.recv(4096))).id != last.id:
                found.append(reply)
            return found

        flooded = replies("example.net", FLOOD)
        assert len(flooded) == FLOOD - counted(engine, "rate_limit_dropped") < FLOOD
        assert {(reply.rcode(), reply.flags & dns.flags.TC) for reply in flooded} == {
            (dns.rcode.SERVFAIL, 0)
        }
        dropped = counted(engine, "rate_limit_dropped")
        assert len(replies("example.org", PER_SECOND)) == PER_SECOND
        assert len(replies("example", PER_SECOND)) == PER_SECOND  # refused
        assert counted(engine, "rate_limit_dropped") == dropped
