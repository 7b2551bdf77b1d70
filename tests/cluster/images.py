"""The images of the project, and the two that only this cluster needs, built without Docker.

The project's own Containerfiles start from a public Python image. No image registry is used here,
so a small Debian made by mmdebstrap takes its place; pods find all images in the node's own store.
"""

import re
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from cluster import builds
from cluster.settings import PAUSE_IMAGE
from release import images
from release.images import EDGE as EDGE
from release.images import OPERATOR as OPERATOR
from release.images import buildah
from release.layouts import Layout
from release.source import ROOT, read

_BASE_SUITE = "bookworm"
_BASE_PACKAGES = "ca-certificates,python3-minimal,libpython3-stdlib,python3-venv"
_PAUSE_ARCHIVE = "pause.tar"


def build(source: Path = ROOT) -> list[Path]:
    """Build what changed in a checkout, ours or one of another commit; the archives of all images.

    Two checkouts give their images the same names: so a cluster has those of one.
    """
    with images.alone(source):
        # The files of another commit are no checkout; their images tell the commit of this one.
        images.build(replace(read(), folder=source), base(), dated=source == ROOT)
        _build_pause(images.context(source))
    return archives(source)


def build_changed(source: Path) -> list[Path]:
    """The archives of a checkout that differs from ours in its number and in Python code alone.

    They are made of our images, which have to be built before, in seconds.
    """
    images.context(source).mkdir(parents=True, exist_ok=True)
    for ours, image in zip((OPERATOR, EDGE), images.of(source), strict=True):
        container = buildah("from", "--quiet", f"oci:{ours.layout}")
        (packages,) = Path(buildah("mount", container)).glob("opt/*/lib/python*/site-packages")
        for package in source.glob("*/dnsfleet*/"):
            if (packages / package.name).exists():
                shutil.copytree(package, packages / package.name, dirs_exist_ok=True)
        (metadata,) = packages.glob("dnsfleet-*/METADATA")
        said = f"Version: {image.name.rpartition(':')[2]}"
        metadata.write_text(re.sub("^Version: .*$", said, metadata.read_text(), flags=re.M))
        identity = buildah("commit", "--quiet", "--rm", "--format", "oci", container)
        shutil.rmtree(image.layout, ignore_errors=True)
        buildah("push", "--quiet", "--format", "oci", identity, f"oci:{image.layout}")
        Layout(image.layout).write_archive(image.archive, image.name, 0)
        buildah("rmi", identity)
    return [image.archive for image in images.of(source)]


def archives(source: Path = ROOT) -> list[Path]:
    """The archives of all images that were built, the pause image first."""
    context = images.context(source)
    return [context / _PAUSE_ARCHIVE, *(image.archive for image in images.of(source))]


def base() -> str:
    """The Debian that takes the place of the public Python image, with a hash in its name."""
    recipe = sha256(f"{_BASE_SUITE} {_BASE_PACKAGES}".encode()).hexdigest()[:16]
    name = f"localhost/dnsfleet-base:{recipe}"
    if buildah("images", "--quiet", "--filter", f"reference={name}"):
        return name
    archive = builds.cache() / f"base-{recipe}.tar"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        unfinished = archive.with_name(f"unfinished-{archive.name}")
        choice = ["--variant=essential", f"--include={_BASE_PACKAGES}"]
        subprocess.run(["mmdebstrap", "--quiet", *choice, _BASE_SUITE, str(unfinished)], check=True)
        unfinished.rename(archive)
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, str(archive), "/")
    buildah("commit", "--quiet", "--rm", container, name)
    return name


def _build_pause(context: Path) -> None:
    """The image of the process that holds a pod's namespaces."""
    archive = context / _PAUSE_ARCHIVE
    if not archive.exists():
        code = Path(__file__).with_name("pause.c")
        program = context / "pause"
        subprocess.run(["cc", "-Os", "-static", "-o", str(program), str(code)], check=True)
        file = context / "Containerfile.pause"
        file.write_text('FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n')
        layout = context / "pause.oci"
        identity = images.build_file(file, context, PAUSE_IMAGE, {}, epoch=0)
        buildah("push", "--quiet", "--format", "oci", identity, f"oci:{layout}")
        Layout(layout).write_archive(archive, PAUSE_IMAGE, 0)
