"""Objects for a zone: their names, and how much they hold."""

import re

import pytest
from dnsfleet.resources import ConfigMap, parse
from dnsfleet.resources.base import MAX_OBJECT_NAME
from dnsfleet.resources.zone_contents import MAX_CONFIG_MAPS
from dnsfleet_cli.zone_shapes import KEY, MAX_CONFIG_MAP, in_config_maps, object_name

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""What Kubernetes takes as the name of an object (RFC 1123 subdomain)."""


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("example.com.", "example.com"),
        (".", "root"),
        ("_tcp.example.com.", "tcp.example.com"),
        ("a._tcp.example.com.", "a.tcp.example.com"),
        ("_._x_.example.com.", "x.example.com"),
        ("-a-.b--c.example.", "a.b--c.example"),
        ("0/25.2.0.192.in-addr.arpa.", "0-25.2.0.192.in-addr.arpa"),
        (r"\000\255.example.", "000-255.example"),
        (r"a\.b.example.", "a.b.example"),
        (r"\*.", "root"),
    ],
)
def test_names_are_those_of_kubernetes(origin: str, name: str) -> None:
    assert object_name(origin) == name
    assert SUBDOMAIN.fullmatch(name)


@pytest.mark.parametrize("label", ["a", "-", "a-", r"\001"])
def test_no_name_is_too_long(label: str) -> None:
    origin = f"{(label * 30 + '.') * 8}example."
    objects = in_config_maps(origin, "x\n")
    for each in objects:
        name = each["metadata"]["name"]
        assert SUBDOMAIN.fullmatch(name), name
        assert len(name) <= MAX_OBJECT_NAME


def test_parts_are_whole_lines_and_together_the_text() -> None:
    text = "".join(f"{number:0200}\n" for number in range(20_000))
    *maps, zone = in_config_maps("example.com.", text)
    read = []
    for each in maps:
        resource, violations = parse(each, "")
        assert isinstance(resource, ConfigMap), violations
        read.append(resource)
    assert zone["spec"]["zoneFile"] == {
        "configMaps": [{"name": each.metadata.name, "key": KEY} for each in read]
    }
    parts = [each.data[KEY] for each in read]
    assert "".join(parts) == text
    assert all(part.endswith("\n") and len(part) <= MAX_CONFIG_MAP for part in parts)
    assert len(parts) == -(-len(text) // MAX_CONFIG_MAP)


def test_a_text_for_more_config_maps_than_a_zone_may_name_is_refused() -> None:
    line = "x" * 1023 + "\n"
    most = line * (MAX_CONFIG_MAPS * MAX_CONFIG_MAP // len(line))
    assert len(in_config_maps("example.com.", most)) == MAX_CONFIG_MAPS + 1
    with pytest.raises(ValueError, match=r"more than 16 ConfigMaps.*zoneFile\.url"):
        in_config_maps("example.com.", most + "x\n")
