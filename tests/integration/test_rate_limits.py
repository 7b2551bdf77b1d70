"""Replies to clients that ask too much; an independent tool (dnspython) makes their queries.

Loopback has no limits, so a proxy in between tells their addresses, as in a fleet.
"""

import socket
import time
from collections import Counter
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

PER_SECOND = 20
FLOOD = 200
SECONDS = 5.0
CLIENT_COOKIE = b"01234567"
HOST = "127.0.0.1"


class Proxy:
    """Sends queries of clients to an engine with a low limit."""

    def __init__(self, engine: Engine, exempt: list[str]) -> None:
        [self.address] = engine.start([(HOST, 0)], 1, PER_SECOND, exempt, [f"{HOST}/32"])
        self._engine = engine
        self._began = time.monotonic()

    def one_account(self) -> float:
        """The most replies about one subject since the start, however slow this machine is."""
        return PER_SECOND * (1 + time.monotonic() - self._began) + 1

    def flood(self, client: str, query: dns.message.Message) -> list[dns.message.Message]:
        """The replies to many of the same query, and to one of another client behind them."""
        last = dns.message.make_query("last.example.com", "A")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(SECONDS)
            sock.connect(self.address)
            for _ in range(FLOOD):
                sock.send(proxied(client, query.to_wire()))
            sock.send(proxied("203.0.113.200", last.to_wire()))
            replies = []
            while (reply := dns.message.from_wire(sock.recv(4096))).id != last.id:
                assert query.is_response(reply)
                replies.append(reply)
        return replies

    def ask_over_tcp(self, client: str, query: dns.message.Message) -> dns.message.Message:
        with socket.create_connection(self.address, SECONDS) as sock:
            sock.sendall(proxied(client, query.to_wire(), tcp=True))
            with sock.makefile("rb") as stream:
                length = int.from_bytes(stream.read(2))
                return dns.message.from_wire(stream.read(length))

    def counted(self, name: str) -> int:
        return sum(row[name] for row in self._engine.counters())


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    engine.load(make_zone("example.com.", [("www", "A", "192.0.2.1"), ("*.any", "A", "192.0.2.2")]))
    engine.set_cookie_secrets([bytes(16)])
    yield engine
    engine.stop()


@pytest.fixture
def proxy(engine: Engine) -> Proxy:
    return Proxy(engine, ["198.51.100.0/24"])


def www(*options: dns.edns.Option, name: str = "www.example.com") -> dns.message.Message:
    return dns.message.make_query(name, "A", use_edns=0 if options else -1, options=options)


def kinds(replies: list[dns.message.Message]) -> Counter[str]:
    """The number of replies of each kind: response code and TC."""
    return Counter(
        dns.rcode.to_text(reply.rcode()) + (" tc" if reply.flags & dns.flags.TC else "")
        for reply in replies
    )


def test_a_flood_gets_the_limit_and_then_half_of_it_slips(proxy: Proxy) -> None:
    replies = proxy.flood("192.0.2.7", www())
    counts = kinds(replies)
    assert PER_SECOND <= counts["NOERROR"] <= proxy.one_account()
    over = FLOOD - counts["NOERROR"]
    assert counts["NOERROR tc"] == (over + 1) // 2
    assert all(not reply.answer for reply in replies if reply.flags & dns.flags.TC)
    assert proxy.counted("rate_limit_slipped") == counts["NOERROR tc"]
    assert proxy.counted("rate_limit_dropped") == FLOOD - len(replies)
    # A client that was told to come back over TCP gets its answer.
    assert [rr.to_text() for rr in proxy.ask_over_tcp("192.0.2.7", www()).answer]


def test_the_neighbours_share_the_limit_and_others_do_not(proxy: Proxy) -> None:
    for one, neighbour in [("192.0.2.7", "192.0.2.200"), ("2001:db8::1", "2001:db8:0:ff::2")]:
        first = kinds(proxy.flood(one, www()))["NOERROR"]
        second = kinds(proxy.flood(neighbour, www()))["NOERROR"]
        assert first >= PER_SECOND
        assert first + second <= proxy.one_account()


def test_names_that_are_made_up_come_to_one_account(proxy: Proxy) -> None:
    for suffix, rcode in [("example.com", "NXDOMAIN"), ("any.example.com", "NOERROR")]:
        first = kinds(proxy.flood("192.0.2.7", www(name=f"one.{suffix}")))[rcode]
        second = kinds(proxy.flood("192.0.2.7", www(name=f"two.{suffix}")))[rcode]
        assert first >= PER_SECOND
        assert first + second <= proxy.one_account()


def test_whoever_speaks_cookies_gets_one_and_is_free(proxy: Proxy) -> None:
    replies = proxy.flood("192.0.2.7", www(dns.edns.CookieOption(CLIENT_COOKIE, b"")))
    counts = kinds(replies)
    assert set(counts) == {"NOERROR", "BADCOOKIE"}
    refused = next(reply for reply in replies if reply.rcode() == dns.rcode.BADCOOKIE)
    (cookie,) = refused.options
    assert isinstance(cookie, dns.edns.CookieOption)
    assert kinds(proxy.flood("192.0.2.7", www(cookie))) == {"NOERROR": FLOOD}
    # It is worth nothing at another address.
    assert kinds(proxy.flood("192.0.2.8", www(cookie)))["BADCOOKIE"] > 0


def test_errors_slip_as_they_are(proxy: Proxy) -> None:
    replies = proxy.flood("192.0.2.7", www(name="example.net"))
    assert set(kinds(replies)) == {"REFUSED"}
    sent = len(replies) - proxy.counted("rate_limit_slipped")
    assert PER_SECOND <= sent <= proxy.one_account()
    assert len(replies) == FLOOD - proxy.counted("rate_limit_dropped") < FLOOD


def test_exempt_clients_have_no_limit(proxy: Proxy) -> None:
    assert kinds(proxy.flood("198.51.100.9", www())) == {"NOERROR": FLOOD}


def test_a_prefix_that_is_none_is_told() -> None:
    for exempt, proxies in [(["192.0.2.1/24"], []), ([], ["192.0.2.1/24"])]:
        with pytest.raises(ValueError, match=r"192\.0\.2\.1/24: write a prefix without further"):
            Engine().start([(HOST, 0)], 1, 200, exempt, proxies)
