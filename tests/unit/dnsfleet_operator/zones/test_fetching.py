"""Which addresses the operator reads zone files from, and which it refuses to touch."""

import pytest
from dnsfleet_operator.zones import fetching
from dnsfleet_operator.zones.fetching import DownloadError

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:8.8.8.8",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    with pytest.raises(DownloadError, match="which is no public address"):
        fetching.public_address(address, 443)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_public_addresses_are_taken(address: str) -> None:
    assert fetching.public_address(address, 443) == address


URLS = [
    ("http://8.8.8.8/zone", "only https"),
    ("https://user:password@8.8.8.8/zone", "without a user"),
    ("https:///zone", "only https"),
    ("https://8.8.8.8:99999/zone", "it is no address: Port out of range"),
    ("https://8.8.8.8:https/zone", "it is no address: Port could not be cast"),
    ("https://[::1/zone", "it is no address: Invalid IPv6 URL"),
    ("https://zones..example/zone", "zones..example is no name"),
    (f"https://{'a' * 64}.example/zone", "is no name: a label is empty or too long"),
    ("https://8.8.8.8/zöne", "write names as A-labels, and in the path %XX"),
    ("https://zöne.example/zone", "write names as A-labels"),
    ("https://127.0.0.1/zone", "127.0.0.1 is at 127.0.0.1, which is no public address"),
    ("https://[::1]:6443/api", "::1 is at ::1, which is no public address"),
    ("https://localhost/zone", "localhost is at "),
    ("https://2130706433/zone", "no public address"),
    ("https://0x7f.1/zone", "no public address"),
]


@pytest.mark.parametrize(("url", "message"), URLS)
def test_urls_that_are_refused(url: str, message: str) -> None:
    with pytest.raises(DownloadError, match=message):
        fetching.fetch(url)
