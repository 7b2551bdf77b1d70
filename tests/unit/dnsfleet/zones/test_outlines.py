"""What a Zone says beside its records."""

from typing import Any

import pytest
from dnsfleet import resources
from dnsfleet.resources import Reference, Zone
from dnsfleet.zones import outlines

SPEC: dict[str, Any] = {
    "origin": "Bücher.example",
    "ttl": 60,
    "nameServers": ["ns1.example.net"],
    "soa": {"refresh": 60},
    "placement": {"popSelector": {"matchLabels": {"region": "eu"}}},
    "recordSets": {"namespaces": {"from": "All"}, "names": ["*.dev"]},
    "nestedZones": {"namespaces": {"from": "Same"}},
    "protect": True,
}


def zone(**spec: Any) -> Zone:
    annotations = {
        "dnsfleet.io/ignore-checks": "RelativeTarget",
        "dnsfleet.io/approve": "0d41c2e8f6a97b35",
        "argocd.argoproj.io/tracking-id": "dns:dnsfleet.io/Zone:dns/a",
    }
    labels = {"app.kubernetes.io/instance": "dns"}
    found, violations = resources.parse(
        {
            "apiVersion": "dnsfleet.io/v1alpha1",
            "kind": "Zone",
            "metadata": {
                "name": "a",
                "namespace": "dns",
                "labels": labels,
                "annotations": annotations,
            },
            "spec": SPEC | spec,
        },
        "Zone dns/a",
    )
    assert isinstance(found, Zone), violations
    return found


RECORD = {"name": "www", "type": "A", "data": ["192.0.2.1"]}
MAPS = [{"name": "one", "key": "zone"}, {"name": "two", "key": "zone"}]
URL = {"url": "https://dns.example/zone", "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("source", "spec"),
    [
        ("records", {"records": [RECORD]}),
        ("records", {}),
        ("inline", {"zoneFile": {"inline": "@ NS ns1\n"}}),
        ("configMaps", {"zoneFile": {"configMaps": MAPS}}),
        ("url", {"zoneFile": URL}),
    ],
)
def test_an_outline_has_all_but_the_records_and_says_where_they_were(
    source: str, spec: dict[str, Any]
) -> None:
    outline = outlines.of(zone(**spec))
    assert outline.zone == Reference("Zone", "dns", "a")
    assert outline.spec == SPEC
    assert outline.source == source
    parts = (("one", "zone"), ("two", "zone")) if source == "configMaps" else ()
    assert outline.config_maps == parts
    assert outlines.decode(outlines.encode(outline)) == outline


def test_no_tool_takes_a_restored_zone_for_its_own_and_no_approval_is_given_again() -> None:
    outline = outlines.of(zone())
    assert outline.annotations == {"dnsfleet.io/ignore-checks": "RelativeTarget"}


def test_a_change_of_records_changes_no_outline() -> None:
    other = RECORD | {"data": ["192.0.2.2"]}
    before, after = (outlines.of(zone(records=[each])) for each in (RECORD, other))
    assert outlines.encode(before) == outlines.encode(after)


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b'{"zone":["a"],"spec":{}}', b"\xff"])
def test_what_is_no_outline_is_none(value: bytes) -> None:
    assert outlines.decode(value) is None


def test_whose_a_transferred_zone_was_is_no_part_of_it() -> None:
    """It is restored as a zone file, with what was served; its primaries may be gone."""
    transfer = {"primaries": [{"address": "192.0.2.1"}], "tsigKey": {"name": "k"}}
    found = outlines.of(zone(soa=None, nameServers=None, source={"transfer": transfer}))
    assert found.source == "transfer"
    assert "source" not in found.spec
    assert outlines.decode(outlines.encode(found)) == found
