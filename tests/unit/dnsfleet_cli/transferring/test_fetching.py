"""How a server may be written that a zone is fetched from."""

import pytest
from dnsfleet_cli.transferring import fetching
from dnsfleet_cli.troubles import Trouble


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 53),
        ("192.0.2.1:5300", "192.0.2.1", 5300),
        ("2001:db8::1", "2001:db8::1", 53),
        ("[2001:db8::1]", "2001:db8::1", 53),
        ("[2001:db8::1]:5300", "2001:db8::1", 5300),
        ("fe80::1%eth0", "fe80::1%eth0", 53),
        ("ns1.example.net", "ns1.example.net", 53),
        ("ns1.example.net.:65535", "ns1.example.net.", 65535),
    ],
)
def test_servers(text: str, host: str, port: int) -> None:
    assert fetching.parse(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        ":53",
        "[]",
        "[]:53",
        "ns1:",
        "ns1:dns",
        "ns1:0",
        "ns1:65536",
        "ns1:-1",
        "2001:db8::g",
    ],
)
def test_what_is_no_server(text: str) -> None:
    with pytest.raises(Trouble) as raised:
        fetching.parse(text)
    assert str(raised.value) == (
        f"--axfr {text}: write SERVER, SERVER:PORT or [IPV6]:PORT, such as 192.0.2.1:53"
    )
