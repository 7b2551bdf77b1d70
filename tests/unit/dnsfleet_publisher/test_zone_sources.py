"""What is told of a zone file beside its zone: its parts, and one that has nothing in it."""

import base64
import gzip
from pathlib import Path

import pytest
from dnsfleet.resources import documents
from dnsfleet.zones.parts import Parts
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.outside_texts import OutsideTexts
from dnsfleet_publisher.transferring.transfers import Transfers

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


def parts(text: str, path: Path) -> Parts:
    """The parts of the zone of a manifest at `path`."""
    found, violations = documents.load(text, str(path))
    assert violations == []
    assembler = Assembler(ZonePaths())
    assembler.replace(found)
    (assembled,) = assembler.assemble().zones
    assert assembled.violations == ()
    assert assembled.parts is not None
    return assembled.parts


@pytest.mark.parametrize(
    ("text", "empty"),
    [("", True), (" \\n\\n", True), ("; none", False), ("www 300 A 192.0.2.1", False)],
)
def test_a_part_with_nothing_in_it_is_named(tmp_path: Path, text: str, empty: bool) -> None:
    path = tmp_path / "one.yaml"
    maps = ZONE.replace("FILE", CONFIG_MAPS).replace("TEXT", text)
    assert parts(maps, path).empty == ("ConfigMap parts key hosts" if empty else "")
    (tmp_path / "one.zone").write_text(f"{HEAD}$INCLUDE hosts\n")
    (tmp_path / "hosts").write_text(text.replace("\\n", "\n"))
    filed = ZONE.replace("FILE", "{path: one.zone}").replace("TEXT", "")
    assert parts(filed, path).empty == (str(tmp_path / "hosts") if empty else "")


@pytest.mark.parametrize(
    ("hosts", "counts"),
    [
        ("a 300 A 192.0.2.1\\nb 300 A 192.0.2.1", (2, 2)),
        # A record belongs to the part in which its first line begins.
        ("\\n; none\\na 300 ( A\\n192.0.2.1 )\\n", (2, 1)),
    ],
)
def test_the_records_of_each_part_are_counted(
    tmp_path: Path, hosts: str, counts: tuple[int, int]
) -> None:
    path = tmp_path / "one.yaml"
    maps = ZONE.replace("FILE", CONFIG_MAPS).replace("TEXT", hosts)
    names = ("ConfigMap parts key head", "ConfigMap parts key hosts")
    assert parts(maps, path).records == tuple(zip(names, counts, strict=True))
    (tmp_path / "one.zone").write_text(f"{HEAD}$INCLUDE hosts\n")
    (tmp_path / "hosts").write_text(hosts.replace("\\n", "\n"))
    filed = ZONE.replace("FILE", "{path: one.zone}").replace("TEXT", "")
    names = (str(tmp_path / "one.zone"), str(tmp_path / "hosts"))
    assert parts(filed, path).records == tuple(zip(names, counts, strict=True))


def test_what_is_compressed_is_counted_as_one_part(tmp_path: Path) -> None:
    packed = base64.b64encode(gzip.compress(f"{HEAD}a 300 A 192.0.2.1\n".encode())).decode()
    half = len(packed) // 8 * 4
    maps = ZONE.replace("FILE", CONFIG_MAPS).partition("data:\n")[0]
    maps += f"binaryData: {{head: {packed[:half]}, hosts: {packed[half:]}}}\n"
    name = "Zone default/one: spec.zoneFile.configMaps"
    assert parts(maps, tmp_path / "one.yaml").records == ((name, 3),)


def test_a_list_of_records_is_one_part(tmp_path: Path) -> None:
    listed = ZONE.partition("---")[0].replace(
        "zoneFile: FILE",
        "nameServers: [ns.example.net], records: "
        "[{name: a, type: A, data: [192.0.2.1, 192.0.2.2]}, {name: b, type: A, data: [192.0.2.1]}]",
    )
    assert parts(listed, tmp_path / "one.yaml").records == (("spec.records", 3),)


TRANSFERRED = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: NAME, creationTimestamp: "TIME"}
spec:
  origin: one.example
  source: {transfer: {primaries: [{address: 127.0.0.1}], tsigKey: {name: k}}}
"""
OTHERS = {
    "another Zone has the origin": "spec: {origin: one.example, records: []}",
    "it is a catalog": "spec: {origin: one.example, source: {catalog: {}}}",
}


def transferred(name: str, year: int) -> str:
    return TRANSFERRED.replace("NAME", name).replace("TIME", f"{year}-01-01T00:00:00Z")


@pytest.mark.parametrize("by", [*OTHERS, "an older one is transferred, too", "it is gone"])
def test_nothing_is_transferred_for_a_zone_that_is_not_of_it(by: str) -> None:
    transfers = Transfers(dict, lambda _: None)
    assembler = Assembler(OutsideTexts(ZonePaths(), transfers))

    def following(text: str) -> list[str]:
        found, violations = documents.load(text, "fleet.yaml")
        assert violations == []
        assembler.replace(found)
        assembler.assemble()
        return [reference.name for reference, _ in transfers.standings()]

    try:
        alone = transferred("a", 2002)
        assert following(alone) == ["a"]
        match by:
            case "it is gone":
                assert following("") == []
            case "it is a catalog":
                head = alone.partition("spec:")[0]
                assert following(head + OTHERS[by] + "\n") == []
            case "another Zone has the origin":
                head = transferred("b", 2001).partition("spec:")[0]
                assert following(f"{alone}---\n{head}{OTHERS[by]}\n") == []
            case _:
                assert following(f"{alone}---\n{transferred('b', 2001)}") == ["b"]
        assert following(alone) == ["a"]
    finally:
        transfers.close()
