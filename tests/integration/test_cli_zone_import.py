"""`dnsfleet zone import` at each limit: the form that it writes, and that this form is the zone.

`up` and the operator assemble it from the same objects, each in its own way.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from dnsfleet.resources.zone_contents import MAX_CONFIG_MAPS, MAX_DATA, MAX_INLINE
from dnsfleet.resources.zones import MAX_RECORDS
from dnsfleet.zones import master_files
from dnsfleet_cli.document_files import DocumentFiles
from dnsfleet_cli.main import app
from dnsfleet_cli.up.desired import DesiredReader
from dnsfleet_cli.zone_shapes import MAX_CONFIG_MAP, MAX_OBJECT
from dnsfleet_engine import Zone
from support.presigned_zones import signed_text
from support.valkey import Valkey
from support.zone_writers import Writer
from support.zones import make_zone
from typer.testing import CliRunner, Result

ORIGIN = "example.com."
HEAD = """\
example.com. 300 SOA ns1.example.net. hostmaster.example.com. 7 7200 900 1209600 300
example.com. 300 NS ns1.example.net.
"""
LINE = 250
"""Octets of a line in a long text, about; its TXT is one string of at most 255."""


def hosts(count: int) -> str:
    return HEAD + "".join(f"h{n}.example.com. 300 A 192.0.2.1\n" for n in range(count))


def addresses(count: int) -> str:
    return HEAD + "".join(f"www.example.com. 300 AAAA 2001:db8::{n:x}\n" for n in range(count))


def long_texts(count: int) -> str:
    """RRsets of 2 KiB and more, all of the same size."""
    text = " ".join([f'"{"x" * 250}"'] * 10)
    return HEAD + "".join(f"t{n:03}.example.com. 300 TXT {text}\n" for n in range(count))


def lines(octets: int) -> str:
    """Many RRsets whose canonical text has this many octets."""
    rest = octets - len(HEAD)
    count = -(-rest // LINE)
    size, longer = divmod(rest, count)
    text = HEAD
    for number in range(count):
        line = f't{number:06}.example.com. 300 TXT "%s"\n'
        text += line % ("x" * (size + (number < longer) - len(line % "")))
    return text


class Imported(NamedTuple):
    """What came of a zone."""

    zone: Zone
    """As the engine reads it from the file."""
    manifest: Path
    objects: list[dict[str, Any]]

    @property
    def spec(self) -> dict[str, Any]:
        """Of the Zone."""
        spec: dict[str, Any] = self.objects[-1]["spec"]
        return spec

    def is_zone(self, other: Zone | None) -> bool:
        """Whether nothing but the serial, which publishing gives, differs."""
        return other is not None and (
            other.with_serial(self.zone.serial).digest == self.zone.digest
        )


def run(file: Path, text: str, *options: str) -> Result:
    file.write_text(text)
    return CliRunner().invoke(app, ["zone", "import", str(file), *options])


def imported(folder: Path, text: str) -> Imported:
    file, manifest = folder / "example.com.zone", folder / "manifest.yaml"
    result = run(file, text)
    assert result.exit_code == 0, result.stderr
    assert "kubectl apply --server-side -f" in result.stderr
    manifest.write_text(result.stdout)
    zone, violations = master_files.read(text.encode(), "example.com.zone")
    assert zone is not None, violations
    file.unlink()  # the objects are enough
    return Imported(zone, manifest, list(yaml.safe_load_all(result.stdout)))


def by_up(manifest: Path, folder: Path) -> Zone | None:
    reader = DesiredReader(DocumentFiles([manifest]), folder / "state", lambda _: None)
    try:
        reader.look(None)
        return reader.desired.zones[ORIGIN].zone
    finally:
        reader.close()


def by_operator(objects: list[dict[str, Any]], core: Valkey) -> Zone | None:
    writer = Writer(core)
    usual = {
        "namespace": "dns",
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    found = [
        each | {"metadata": usual | {"uid": each["metadata"]["name"]} | each["metadata"]}
        for each in objects
    ]
    writer.list(*found)
    for each in found:
        if each["kind"] == "ConfigMap":
            writer.observation.put(each)
    writer.work()
    return writer.store.load(ORIGIN)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    (tmp_path / "core").mkdir()
    valkey = Valkey(tmp_path / "core")
    valkey.start()
    yield valkey
    valkey.kill()


FORMS = [
    # what it is, the zone, the fields that hold its records
    ("most RRsets in a list", hosts(MAX_RECORDS), ["records"]),
    ("an RRset more", hosts(MAX_RECORDS + 1), ["inline"]),
    ("a signed zone, which no list gives", signed_text(make_zone(ORIGIN, serial=7)), ["inline"]),
    ("most data in an RRset", addresses(MAX_DATA), ["records"]),
    ("a rdata more", addresses(MAX_DATA + 1), ["inline"]),
    ("longest text in a Zone", lines(MAX_INLINE), ["inline"]),
    ("an octet more", lines(MAX_INLINE + 1), ["configMaps"]),
    ("longest text in a ConfigMap", lines(MAX_CONFIG_MAP), ["configMaps"]),
    ("an octet more than that", lines(MAX_CONFIG_MAP + 1), ["configMaps"] * 2),
]


@pytest.mark.parametrize(
    ("text", "form"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS]
)
def test_each_form_is_the_zone(text: str, form: list[str], tmp_path: Path, core: Valkey) -> None:
    found = imported(tmp_path, text)
    assert form_of(found.spec) == form
    assert found.is_zone(by_up(found.manifest, tmp_path))
    assert found.is_zone(by_operator(found.objects, core))


def form_of(spec: dict[str, Any]) -> list[str]:
    """The field that holds the records, once for each object that is read for it."""
    if "records" in spec:
        return ["records"]
    ((field, value),) = spec["zoneFile"].items()
    return [field] * (len(value) if field == "configMaps" else 1)


def test_a_list_is_not_larger_than_an_object(tmp_path: Path, core: Valkey) -> None:
    one, two = (
        len(json.dumps(imported(tmp_path, long_texts(count)).objects[0])) for count in (1, 2)
    )
    most = (MAX_OBJECT - one) // (two - one)
    for count, form in ((most, ["records"]), (most + 2, ["configMaps"])):
        found = imported(tmp_path, long_texts(count))
        assert form_of(found.spec) == form
        assert found.is_zone(by_up(found.manifest, tmp_path))
    assert found.is_zone(by_operator(found.objects, core))


def test_a_path_is_written_only_for_up(tmp_path: Path) -> None:
    text = hosts(3)
    file, manifest = tmp_path / "example.com.zone", tmp_path / "manifest.yaml"
    result = run(file, text, "-o", "path")
    assert (result.exit_code, result.stderr) == (
        0,
        "for `dnsfleet up` only: keep it and example.com.zone in one folder\n",
    )
    manifest.write_text(result.stdout)
    assert yaml.safe_load(result.stdout)["spec"] == {
        "origin": "example.com",
        "zoneFile": {"path": "example.com.zone"},
    }
    zone, _ = master_files.read(text.encode(), "")
    built = by_up(manifest, tmp_path)
    assert zone is not None and built is not None
    assert built.digest == zone.digest


def test_a_zone_too_big_for_a_cluster_is_refused_with_what_to_do(tmp_path: Path) -> None:
    octets = (MAX_CONFIG_MAPS + 1) * MAX_CONFIG_MAP
    result = run(tmp_path / "big.zone", lines(octets))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"dnsfleet: {tmp_path}/big.zone: {octets} octets of text are more than {MAX_CONFIG_MAPS} "
        f"ConfigMaps of {MAX_CONFIG_MAP} can hold; publish the file at an https address and write "
        "a Zone with zoneFile.url and zoneFile.sha256; for `dnsfleet up`, add -o path\n"
    )


def test_another_version_has_config_maps_of_its_own(tmp_path: Path) -> None:
    """So a cluster never has a zone of which one part is old and the other new."""
    text = lines(MAX_INLINE + 1)
    old = imported(tmp_path, text)
    new = imported(tmp_path, text.replace(" 7 7200 ", " 8 7200 "))
    again = imported(tmp_path, text)
    old_name, new_name, again_name = (
        each.objects[0]["metadata"]["name"] for each in (old, new, again)
    )
    assert old_name == again_name != new_name
    assert old.objects[-1]["metadata"] == new.objects[-1]["metadata"]
    assert [each["kind"] for each in old.objects] == ["ConfigMap", "Zone"]
