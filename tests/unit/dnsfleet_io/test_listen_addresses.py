"""`*` on a machine with IPv6 and on one without."""

import socket

import pytest
from dnsfleet_io import listen_addresses


@pytest.mark.parametrize(
    ("ipv6", "dns", "http"),
    [
        (True, [("0.0.0.0", 53), ("::", 53), ("192.0.2.1", 54)], ("::", 80)),
        (False, [("0.0.0.0", 53), ("192.0.2.1", 54)], ("0.0.0.0", 80)),
    ],
)
def test_a_star_stands_for_what_the_machine_speaks(
    monkeypatch: pytest.MonkeyPatch,
    ipv6: bool,
    dns: list[tuple[str, int]],
    http: tuple[str, int],
) -> None:
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: ipv6)
    assert listen_addresses.of_each_family([("*", 53), ("192.0.2.1", 54)]) == dns
    assert listen_addresses.of_both_families(("*", 80)) == http
    assert listen_addresses.of_both_families(("::1", 80)) == ("::1", 80)
