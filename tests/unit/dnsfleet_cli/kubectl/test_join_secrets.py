"""Where a Pop of another cluster finds the core, and what it looks for in the certificate there."""

import time
from typing import Any

import pytest
from dnsfleet_cli.kubectl import join_secrets
from dnsfleet_cli.troubles import Trouble
from dnsfleet_operator.secrets import authorities
from dnsfleet_publisher.pop_credentials import Credentials

AUTHORITY = authorities.make("dnsfleet", time.time())


def certificate(*names: str) -> str:
    return authorities.server(AUTHORITY, names, time.time()).certificate


@pytest.mark.parametrize(
    ("names", "address", "expected"),
    [
        (("core.dns.svc", "core.example.net"), "core.example.net:6390", "core.example.net"),
        (("core.dns.svc", "192.0.2.1"), "192.0.2.1:6390", "192.0.2.1"),
        (("core.dns.svc", "2001:db8::1"), "[2001:db8::1]:6390", "2001:db8::1"),
        (("core.dns.svc", "other.example.net"), "192.0.2.1:6390", "core.dns.svc"),
    ],
)
def test_the_name_is_the_address_or_the_first_one(
    names: tuple[str, ...], address: str, expected: str
) -> None:
    assert join_secrets.server_name(certificate(*names), address) == expected


@pytest.mark.parametrize("text", ["", "no certificate", AUTHORITY.certificate])
def test_a_certificate_without_a_name_is_told(text: str) -> None:
    with pytest.raises(Trouble, match="names nothing, or cannot be read"):
        join_secrets.server_name(text, "192.0.2.1:6390")


@pytest.mark.parametrize("entry", ["ca.crt", "tls.crt"])
def test_a_secret_of_the_core_that_is_not_whole_is_told(entry: str) -> None:
    whole = {"ca.crt": AUTHORITY.certificate, "tls.crt": certificate("core.dns.svc")}
    credentials = Credentials("", "", 0.0, ("secret",), "", "")
    with pytest.raises(Trouble, match=f"lacks {entry}"):
        join_secrets.make("ams", "core.dns.svc:6390", credentials, {**whole, entry: ""}, {}, "dns")


def test_a_certificate_of_another_address_is_told() -> None:
    with pytest.raises(Trouble, match=r"does not name 192\.0\.2\.2"):
        join_secrets.server_name(certificate("192.0.2.1"), "192.0.2.2:6390")


def service(**ingress: str) -> dict[str, Any]:
    status = {"loadBalancer": {"ingress": [ingress]} if ingress else {}}
    return {"spec": {"ports": [{"port": 6390}]}, "status": status}


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([], None),
        ([service()], None),
        ([service(ip="192.0.2.1")], "192.0.2.1:6390"),
        ([service(ip="2001:db8::1")], "[2001:db8::1]:6390"),
        ([service(hostname="lb.example.net")], "lb.example.net:6390"),
        ([service(), service(ip="192.0.2.1")], "192.0.2.1:6390"),
    ],
)
def test_the_address_is_that_of_a_load_balancer(
    services: list[dict[str, Any]], expected: str | None
) -> None:
    assert join_secrets.address_of(services) == expected
