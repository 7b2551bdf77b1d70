"""Every example is a fleet that starts, without error or warning, and as its comments promise."""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from dnsfleet.resources import Namespace, Pop, RecordSet, Zone, documents
from dnsfleet.violations import Violation
from dnsfleet.zones import building, ownership
from dnsfleet_engine import Zone as EngineZone

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(path.name for path in FOLDER.iterdir())


def build(name: str) -> tuple[dict[str, EngineZone], int, list[Violation]]:
    """The zones of an example by origin, how many Pops it has, and what was found."""
    found: list[documents.Document] = []
    violations = []
    for path in sorted((FOLDER / name).glob("*.yaml")):
        loaded, problems = documents.load(path.read_text(), str(path.relative_to(FOLDER)))
        found += loaded
        violations += problems
    objects = [document.resource for document in found]
    own = [item for item in objects if isinstance(item, Zone)]
    sets, problems = ownership.record_sets_by_zone(
        own, [item for item in objects if isinstance(item, RecordSet)]
    )
    violations += problems
    namespaces = {i.metadata.name: i.metadata.labels for i in objects if isinstance(i, Namespace)}
    built = {}
    for zone in own:
        base, doubtful = None, ()
        if zone.spec.zone_file is not None:
            path = FOLDER / name / (zone.spec.zone_file.path or "")
            base, problems, doubtful = building.from_zone_file(zone, path.read_bytes(), path.name)
            violations += problems
        admission = ownership.admit(zone, sets[zone.reference], namespaces, base)
        result, problems = building.from_resources(zone, admission.record_sets, base, doubtful)
        violations += admission.violations + problems
        if result is not None:
            built[zone.origin] = result
    return built, sum(isinstance(item, Pop) for item in objects), violations


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_have_no_fault(name: str) -> None:
    built, pops, violations = build(name)
    assert violations == []
    assert built
    assert pops >= 1


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_say_what_to_ask(name: str) -> None:
    texts = [path.read_text() for path in (FOLDER / name).glob("*.yaml")]
    assert all(text.startswith("# ") for text in texts)
    assert any("#   dig @127.0.0.1 -p 530" in text for text in texts)


def test_quickstart_is_two_zones_at_three_pops() -> None:
    built, pops, _ = build("quickstart")
    assert (set(built), pops) == ({"example.com.", "example.org."}, 3)


def test_the_big_zone_is_big_here_and_small_in_git() -> None:
    built, _, _ = build("big-zone")
    zone = built["example.net."]
    assert zone.records == 196_611
    assert zone.get("host-4711.example.net.", "AAAA") == (300, ["2001:db8::1267"])
    assert sum(path.stat().st_size for path in (FOLDER / "big-zone").iterdir()) < 4096


def test_both_teams_add_to_the_zone() -> None:
    built, _, _ = build("recordsets")
    zone = built["example.com."]
    assert zone.get("docs.example.com.", "CNAME") == (300, ["pages.example.org."])
    assert zone.get("api.shop.example.com.", "AAAA") == (60, ["2001:db8:20::1"])


DOCUMENTATION = [
    ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "127.0.0.1")
]
"""RFC 5737 and RFC 3849, and the loopback address that `dig` asks."""


def test_addresses_are_for_documentation() -> None:
    texts = [path.read_text() for path in FOLDER.rglob("*") if path.is_file()]
    found = {
        ip_address(text)
        for whole in texts
        for text in re.findall(r"\b(?:\d+\.){3}\d+\b|\b2[0-9a-f]+:[0-9a-f:]*::[0-9a-f]+\b", whole)
    }
    assert len(found) > 10
    assert [address for address in found if not any(address in net for net in DOCUMENTATION)] == []
