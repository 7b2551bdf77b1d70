"""kdig as a client of an edge: identity, cookies, BADCOOKIE; and as a proxy in front of it."""

import socket
import subprocess
from collections.abc import Iterator

import dns.message
import pytest
from dnsfleet_engine import Engine
from support.proxies import proxied
from support.waiting import wait_for
from support.zones import make_zone

HOST = "127.0.0.1"
PER_SECOND = 1
FLOOD = 101
"""One of these gets a reply; the others slip and drop in turns, so that kdig's query slips."""
CLIENT, OTHER = "192.0.2.7", "192.0.3.7"
IPV6_CLIENT = "2001:db8::7"
DESTINATIONS = {CLIENT: "203.0.113.1", OTHER: "203.0.113.1", IPV6_CLIENT: "2001:db8::53"}
ANSWER = "192.0.2.1\n"


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """An engine that treats this machine as a proxy."""
    engine = Engine("ams1")
    engine.load(make_zone("example.com.", [("www", "A", ANSWER.strip())]))
    engine.set_cookie_secrets([bytes(16)])
    [bound] = engine.start([(HOST, 0)], 1, PER_SECOND, [], [f"{HOST}/32"])
    yield bound
    engine.stop()


def kdig(address: tuple[str, int], client: str, *options: str) -> subprocess.CompletedProcess[str]:
    host, port = address
    return subprocess.run(
        [
            *("kdig", f"@{host}", "-p", str(port), "+retry=0", "+time=5", *options),
            *(f"+proxy={client}-{DESTINATIONS[client]}", "www.example.com", "A"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
@pytest.mark.parametrize("client", [CLIENT, IPV6_CLIENT])
def test_kdig_is_understood_as_a_proxy(
    address: tuple[str, int], transport: str, client: str
) -> None:
    done = kdig(address, client, transport, "+short")
    assert (done.stdout, done.stderr) == (ANSWER, "")


def test_kdig_reads_identity_and_cookie(address: tuple[str, int]) -> None:
    shown = kdig(address, CLIENT, "+nsid", "+cookie").stdout
    assert '"ams1"' in shown
    assert "COOKIE" in shown


def test_kdig_takes_badcookie_for_a_reason_to_ask_again(address: tuple[str, int]) -> None:
    query = dns.message.make_query("www.example.com", "A").to_wire()

    def limited() -> str | None:
        """What kdig shows right after a flood; None where it came too late to be limited."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flooding:
            for _ in range(FLOOD):
                flooding.sendto(proxied(CLIENT, query), address)
            done = kdig(address, CLIENT, "+cookie", "+badcookie")
        shown = done.stdout + done.stderr
        return shown if "bad cookie" in shown else None

    shown = wait_for("a cookie is refused", limited, 30)
    assert shown is not None
    assert ANSWER in shown
    other = kdig(address, OTHER, "+cookie", "+badcookie", "+short")
    assert (other.stdout, other.stderr) == (ANSWER, "")
