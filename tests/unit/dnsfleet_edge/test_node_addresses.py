"""Which addresses of a node an edge binds."""

import pytest
from dnsfleet_edge.node_addresses import chosen

HOST_IPS = ["192.0.2.10", "2001:db8::10"]
LOCAL = ["127.0.0.1", "192.0.2.10", "198.51.100.53", "::1", "2001:db8::10", "2001:db8:53::1"]


@pytest.mark.parametrize(
    ("prefixes", "expected"),
    [
        ([], HOST_IPS),
        (["198.51.100.0/24"], ["198.51.100.53"]),
        (["2001:db8:53::/48", "198.51.100.53/32"], ["198.51.100.53", "2001:db8:53::1"]),
        (["192.0.0.0/8", "192.0.2.0/24"], ["192.0.2.10"]),
    ],
)
def test_chosen(prefixes: list[str], expected: list[str]) -> None:
    assert chosen(HOST_IPS, prefixes, lambda: LOCAL) == expected


def test_a_node_without_such_an_address_is_told_with_what_it_has() -> None:
    with pytest.raises(OSError, match=r"within 203\.0\.113\.0/24: it has 127\.0\.0\.1, 192"):
        chosen(HOST_IPS, ["203.0.113.0/24"], lambda: LOCAL)
