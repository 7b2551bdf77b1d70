"""`make dist`: all artefacts of a release, in one folder.

dnsfleet-VERSION-py3-none-any.whl         dnsfleet_engine-VERSION-….whl
dnsfleet-VERSION.tar.gz                   dnsfleet_engine-VERSION.tar.gz
dnsfleet-operator-VERSION.oci.tar         dnsfleet-edge-VERSION.oci.tar
dnsfleet-VERSION.tgz                      the chart
dnsfleet-….spdx.json                      bills of materials of the wheels, and of each image
provenance.intoto.json, SHA256SUMS
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from packageurl import PackageURL

from release import bills, chart, components, images, provenance, wheels
from release.artefacts import PROVENANCE, SUMS, archive_name, checksums
from release.images import Image
from release.layouts import Layout
from release.source import REGISTRY, ReleaseError, Source


@dataclass(frozen=True)
class Wishes:
    """What whoever makes a release chooses."""

    base: str
    """The image below ours: a name with a digest, or one that was built on this machine."""
    builder: str = provenance.HERE
    """The URI of who builds, for the provenance."""
    fresh: bool = False
    """Take no layer of an image from an earlier build."""
    modified: bool = False
    """Build although files are not as in the commit."""


def make(source: Source, folder: Path, wishes: Wishes) -> list[Path]:
    """Make all artefacts in a folder, of which other files are removed; their paths, sorted."""
    if source.modified and not wishes.modified:
        listed = "\n  ".join(source.modified)
        raise ReleaseError(f"commit or remove these first, they are not in the commit:\n  {listed}")
    version = source.version()
    base_digest = _digest_of(wishes.base)
    _clear(folder)
    with images.alone(source.folder):
        digests = _images(source, folder, wishes)
        made = wheels.built(images.wheels_of(source.folder))
        built = [Path(shutil.copy(path, folder)) for path in made]
        _bills(source, folder, built, digests)
    wheels.archive(source, folder)
    (folder / f"dnsfleet-{version}.tgz").write_bytes(chart.package(source, digests))
    sums = checksums(folder)
    (folder / PROVENANCE).write_text(
        provenance.statement(source, sums, wishes.base, base_digest, wishes.builder)
    )
    sums = checksums(folder)
    lines = [f"{sums[name]}  {name}\n" for name in sorted(sums)]
    (folder / SUMS).write_text("".join(lines))
    return sorted(path for path in folder.iterdir() if path.is_file())


def _clear(folder: Path) -> None:
    """Remove the files of an earlier version: `pip install dist/*.whl` takes all that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()


def _images(source: Source, folder: Path, wishes: Wishes) -> dict[Image, str]:
    digests = {}
    for image in images.build(source, wishes.base, fresh=wishes.fresh):
        layout, version = Layout(image.layout), source.version()
        target = folder / archive_name(image, version)
        layout.write_archive(target, f"{REGISTRY}/{image.repository}:{version}", source.epoch)
        digests[image] = layout.digest
    return digests


def _bills(source: Source, folder: Path, built: list[Path], digests: dict[Image, str]) -> None:
    version, crates = source.version(), list(components.of_engine(source))
    wheel, engine = built
    own = [
        PackageURL("pypi", name=name, version=version) for name in ("dnsfleet", components.ENGINE)
    ]
    (folder / f"dnsfleet-wheels-{version}.spdx.json").write_text(
        bills.write(
            source,
            f"dnsfleet-wheels-{version}",
            {bills.wheel(wheel, own[0]): [], bills.wheel(engine, own[1]): crates},
        )
    )
    for image, digest in digests.items():
        where = {"repository_url": f"{REGISTRY}/{image.repository}", "tag": version}
        purl = PackageURL("oci", name=image.repository, version=digest, qualifiers=where)
        parts = components.unique([*components.of_image(Layout(image.layout)), *crates])
        name = f"{image.repository}-{version}"
        text = bills.write(source, name, {bills.image(purl, digest): parts})
        (folder / f"{name}.spdx.json").write_text(text)


def _digest_of(base: str) -> str:
    """The SHA-256 of a base image: of its name, or of an image of this machine."""
    if told := re.search(r"@sha256:([0-9a-f]{64})$", base):
        return told[1]
    if base.startswith("localhost/"):
        found = json.loads(images.buildah("inspect", "--type", "image", base))
        return str(found["FromImageDigest"]).removeprefix("sha256:")
    raise ReleaseError(f"base image {base}: say which one, NAME@sha256:…; a tag may move")
