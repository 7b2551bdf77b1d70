"""The objects of a TSIG key, and the lines of the programs that use it."""

import base64
from typing import Any

import pytest
from dnsfleet import resources, tsig_keys
from dnsfleet.resources import Secret, TsigKey
from dnsfleet_cli.kubectl import tsig_keys as made
from dnsfleet_cli.troubles import Trouble

OCTETS = bytes(range(32))
TRANSFER = {"for": ["transfer"]}


def make(zones: list[str], name: str = "sec-1", **more: Any) -> made.Pair:
    return made.make(name, "dns", OCTETS, "hmac-sha256", zones, **TRANSFER, **more)


def test_the_objects_make_a_key_that_can_be_used() -> None:
    pair = make(["example.com"], addresses=["192.0.2.0/24"], secondaries=[])
    key, _ = resources.parse(pair.key, "")
    secret, _ = resources.parse(pair.secret, "")
    assert isinstance(key, TsigKey) and isinstance(secret, Secret)
    found, violations = tsig_keys.resolve([key], {secret.reference: secret})
    assert not violations
    (usable,) = found.values()
    assert (usable.name, usable.secret) == ("sec-1.", OCTETS)
    assert "secondaries" not in pair.key["spec"], "what is not asked for is not written"
    assert pair.document()["items"] == [pair.key, pair.secret]


def test_what_means_nothing_is_told_by_its_field() -> None:
    with pytest.raises(Trouble) as caught:
        make(["a..b"], addresses=["192.0.2.1"])
    told = str(caught.value).splitlines()
    assert [each.split(":")[0] for each in told] == ["spec.zones[0]", "spec.addresses[0]"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.53", {"address": "192.0.2.53"}),
        ("192.0.2.53:5300", {"address": "192.0.2.53", "port": 5300}),
        ("2001:DB8::53", {"address": "2001:db8::53"}),
        ("[2001:db8::53]", {"address": "2001:db8::53"}),
        ("[2001:db8::53]:5300", {"address": "2001:db8::53", "port": 5300}),
        ("ns1.example.net", None),
        ("192.0.2.53:dns", None),
        ("[2001:db8::53", None),
        ("[192.0.2.1]5300", None),
        ("", None),
    ],
)
def test_a_secondary_is_an_address_with_or_without_a_port(
    text: str, expected: dict[str, Any] | None
) -> None:
    if expected is not None:
        assert made.secondary(text) == expected
        return
    with pytest.raises(Trouble, match=r"write one such as 192\.0\.2\.53"):
        made.secondary(text)


def test_a_key_of_all_zones_has_lines_for_one() -> None:
    text = made.lines(make(["*", "example.org"]), "192.0.2.9")
    assert text.count('zone "') == text.count("zonefile:") == 1
    assert "example.com" in text and "example.org" not in text
    assert text.count(base64.b64encode(OCTETS).decode()) == 3
