"""What is told of a zone file beside its zone: a part of it that has nothing in it."""

from pathlib import Path

import pytest
from dnsfleet.resources import documents
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_publisher.assembling import Assembler

HEAD = "@ 300 SOA ns hostmaster 1 7200 900 1209600 300\n@ 300 NS ns1.example.net.\n"
ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: one}
spec: {origin: one.example, zoneFile: FILE}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: parts}
data:
  head: |
    @ 300 SOA ns hostmaster 1 7200 900 1209600 300
    @ 300 NS ns1.example.net.
  hosts: "TEXT"
"""
CONFIG_MAPS = "{configMaps: [{name: parts, key: head}, {name: parts, key: hosts}]}"


def empty_part(text: str, path: Path) -> str:
    """What is said to be empty in the zone of a manifest at `path`."""
    found, violations = documents.load(text, str(path))
    assert violations == []
    assembler = Assembler(ZonePaths())
    assembler.replace(found)
    (assembled,) = assembler.assemble().zones
    assert assembled.violations == ()
    return assembled.empty


@pytest.mark.parametrize(
    ("text", "empty"),
    [("", True), (" \\n\\n", True), ("; none", False), ("www 300 A 192.0.2.1", False)],
)
def test_a_part_with_nothing_in_it_is_named(tmp_path: Path, text: str, empty: bool) -> None:
    path = tmp_path / "one.yaml"
    maps = ZONE.replace("FILE", CONFIG_MAPS).replace("TEXT", text)
    assert empty_part(maps, path) == ("ConfigMap parts key hosts" if empty else "")
    (tmp_path / "one.zone").write_text(f"{HEAD}$INCLUDE hosts\n")
    (tmp_path / "hosts").write_text(text.replace("\\n", "\n"))
    filed = ZONE.replace("FILE", "{path: one.zone}").replace("TEXT", "")
    assert empty_part(filed, path) == (str(tmp_path / "hosts") if empty else "")
