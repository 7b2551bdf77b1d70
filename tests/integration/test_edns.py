"""How an independent client (dnspython) reads the options in our replies."""

from collections.abc import Iterator

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from dnsfleet_engine import Engine
from support.zones import make_zone

SECONDS = 5.0
SECRETS = [bytes(range(16)), bytes(range(16, 32))]
CLIENT_COOKIE = b"01234567"


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(identity="ams1")
    engine.load(make_zone("example.com.", [("www", "A", "192.0.2.1")]))
    engine.set_cookie_secrets(SECRETS[:1])
    yield engine
    engine.stop()


@pytest.fixture
def address(engine: Engine) -> tuple[str, int]:
    return engine.start([("127.0.0.1", 0)], 1)[0]


def ask(
    address: tuple[str, int],
    *options: dns.edns.Option,
    name: str = "www.example.com.",
    rdtype: str = "A",
    rdclass: str = "IN",
) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype, rdclass, use_edns=0, options=options)
    over_udp = dns.query.udp(query, address[0], SECONDS, address[1])
    over_tcp = dns.query.tcp(query, address[0], SECONDS, address[1])
    assert over_udp == over_tcp
    return over_udp


def cookie(address: tuple[str, int], server: bytes) -> tuple[bytes, str]:
    """Server cookie and response code that a query with a server cookie gets."""
    option = dns.edns.CookieOption(CLIENT_COOKIE, server)
    reply = ask(address, option)
    (answered,) = reply.options
    assert isinstance(answered, dns.edns.CookieOption)
    assert answered.client == CLIENT_COOKIE
    return answered.server, dns.rcode.to_text(reply.rcode())


def counted(engine: Engine, name: str) -> int:
    return sum(row[name] for row in engine.counters())


def test_nsid_and_id_server_tell_the_identity(address: tuple[str, int]) -> None:
    reply = ask(address, dns.edns.NSIDOption(b""))
    assert [option.to_text() for option in reply.options] == ["NSID ams1"]
    chaos = ask(address, name="id.server.", rdtype="TXT", rdclass="CH")
    assert [rrset.to_text() for rrset in chaos.answer] == ['id.server. 0 CH TXT "ams1"']
    version = ask(address, name="version.bind.", rdtype="TXT", rdclass="CH")
    assert version.rcode() == dns.rcode.REFUSED
    assert version.answer == []


def test_a_lame_delegation_is_told_from_an_operation_not_served(address: tuple[str, int]) -> None:
    for name, rdtype, code in [
        ("www.example.net.", "A", dns.edns.EDECode.NOT_AUTHORITATIVE),
        ("example.com.", "AXFR", dns.edns.EDECode.NOT_SUPPORTED),
    ]:
        query = dns.message.make_query(name, rdtype, use_edns=0)
        reply = dns.query.udp(query, address[0], SECONDS, address[1])
        assert reply.rcode() == dns.rcode.REFUSED
        (error,) = reply.extended_errors()
        assert (error.code, error.text) == (code, None)


def test_a_cookie_is_learned_and_stays_good(engine: Engine, address: tuple[str, int]) -> None:
    server, rcode = cookie(address, b"")
    assert (len(server), rcode) == (16, "NOERROR")
    assert cookie(address, server) == (server, "NOERROR")
    forged = server[:-1] + bytes([server[-1] ^ 1])
    renewed, rcode = cookie(address, forged)
    assert (renewed != forged, rcode) == (True, "NOERROR")
    for kind in ("client", "valid", "invalid"):
        assert counted(engine, f"cookies_{kind}") == 2  # over UDP and over TCP


def test_a_secret_can_be_replaced_while_clients_have_cookies(
    engine: Engine, address: tuple[str, int]
) -> None:
    old, new = SECRETS
    server, _ = cookie(address, b"")
    engine.set_cookie_secrets([old, new])  # known, not used yet
    assert cookie(address, server) == (server, "NOERROR")
    engine.set_cookie_secrets([new, old])
    renewed, _ = cookie(address, server)
    assert renewed != server
    assert cookie(address, renewed) == (renewed, "NOERROR")
    before = counted(engine, "cookies_invalid")
    engine.set_cookie_secrets([new])
    assert cookie(address, renewed) == (renewed, "NOERROR")
    assert counted(engine, "cookies_invalid") == before
    cookie(address, server)
    assert counted(engine, "cookies_invalid") == before + 2
    engine.set_cookie_secrets([])
    assert ask(address, dns.edns.CookieOption(CLIENT_COOKIE, b"")).options == ()


def test_bad_settings_are_told() -> None:
    with pytest.raises(ValueError, match="identity: 129 octets, use 1 to 128"):
        Engine(identity="x" * 129)
    engine = Engine()
    with pytest.raises(ValueError, match="it has 16 octets"):
        engine.set_cookie_secrets([b"short"])
    with pytest.raises(ValueError, match="5 cookie secrets: use at most 4"):
        engine.set_cookie_secrets([bytes(16)] * 5)
    with pytest.raises(ValueError, match="localhost: write an IPv4 or IPv6 address"):
        engine.respond(bytes(12), "localhost")
