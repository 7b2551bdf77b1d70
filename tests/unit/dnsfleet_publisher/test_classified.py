"""What rules of classes cost beside a zone file: nothing for each change of a RecordSet."""

from pathlib import Path

import pytest
from dnsfleet.resources import RecordSet, Resource, Zone
from dnsfleet.resources.documents import Document
from dnsfleet.zones import class_rules
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_engine import Zone as EngineZone
from dnsfleet_publisher.assembling import Assembler
from support import yaml_resources

FILE = "@ 300 SOA ns.x. h.x. 1 1 1 1 300\n@ 300 NS ns.x.\nh 300 A 192.0.2.1\n"


def record_set(address: str) -> RecordSet:
    return yaml_resources.record_set(f"[{{name: w, type: A, data: [{address}]}}]", "web")


@pytest.mark.parametrize(
    ("rules", "walks"),
    [("{}", 0), ("{types: [A]}", 1), ("{ttl: {minimum: 60}}", 1), ("{quota: {rrsets: 9}}", 1)],
)
def test_a_zone_file_is_walked_once_where_there_are_rules_and_never_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str, walks: int
) -> None:
    found: list[EngineZone | None] = []
    walk = class_rules.of_zone

    def counting(zone: Zone, base: EngineZone | None) -> list[class_rules.Content]:
        found.append(base)
        return walk(zone, base)

    monkeypatch.setattr(class_rules, "of_zone", counting)
    path = tmp_path / "z.zone"
    path.write_text(FILE)
    spec = {"origin": "example.com", "zoneFile": {"path": str(path)}}
    metadata = {"name": "example-com", "namespace": "default"}
    zone = Zone.model_validate({"metadata": metadata, "spec": spec})
    own = yaml_resources.zone_class(f"{{suffixes: [.], {rules[1:]}")
    assembler = Assembler(ZonePaths(), live=lambda _: None)

    def put(*resources: Resource) -> str:
        for each in resources:
            assembler.put(Document(each.kind, each, str(tmp_path / "manifest"), 1, {}))
        (built,) = assembler.assemble().zones
        assert built.zone is not None
        return built.zone.to_text()

    put(own, zone, record_set("192.0.2.1"))
    for number in range(2, 5):
        assert f"192.0.2.{number}" in put(record_set(f"192.0.2.{number}"))
    assert len([each for each in found if each is not None]) == walks
