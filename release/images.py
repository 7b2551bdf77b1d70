"""The container images, built with buildah.

The wheels are built outside, where the compiler and its cache are, and copied in. Their
dependencies are installed inside by the image's Python, from the lock file, with hashes.

buildah takes a layer from its cache where the instruction and all before it are the same, whatever
time the layer was made with. The final stage begins with the label of that time, so its layers are
made for one time only; of the stage before only content goes on. What the content is, a build with
`fresh` proves: it takes nothing from the cache.
"""

import shutil
import subprocess
import tomllib
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from release import wheels
from release.layouts import Layout
from release.locks import locked
from release.source import CHART, ROOT, UV, Source

CA_FILE = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Image:
    """An image of the project: its role, and the extras of the distribution that it holds."""

    role: str
    extras: tuple[str, ...]
    source: Path = ROOT
    """The checkout that it is made of."""

    @property
    def repository(self) -> str:
        """What the chart calls it, without a registry."""
        return f"dnsfleet-{self.role}"

    @property
    def version(self) -> str:
        chart = yaml.safe_load((self.source / CHART / "Chart.yaml").read_text())
        return str(chart["appVersion"])

    @property
    def name(self) -> str:
        """The name that the chart of the checkout asks for by default."""
        return f"docker.io/library/{self.repository}:{self.version}"

    @property
    def archive(self) -> Path:
        """An archive of it under that name."""
        return context(self.source) / f"{self.role}.tar"

    @property
    def layout(self) -> Path:
        return context(self.source) / f"{self.role}.oci"


OPERATOR = Image("operator", ("operator", "status", "externaldns"))
EDGE = Image("edge", ("edge", "replica"))
IMAGES = (OPERATOR, EDGE)


def of(folder: Path) -> list[Image]:
    """The images of another checkout."""
    return [replace(image, source=folder) for image in IMAGES]


def context(folder: Path) -> Path:
    """The folder with what images of a checkout are made of, and with their archives."""
    return folder / "dist" / "images"


def alone(folder: Path) -> AbstractContextManager[None]:
    """Be the only one who builds images of a checkout, and takes away what came of that.

    Wheels of two builds at once would go through one folder, and an image could lack one.
    """
    return locked(context(folder) / "lock")


def wheels_of(folder: Path) -> Path:
    """The folder with the wheels that the images of a checkout hold."""
    return context(folder) / "wheels"


def build(source: Source, base: str, *, fresh: bool = False, dated: bool = True) -> list[Image]:
    """Build what changed in a checkout, on a base image; with `fresh`, all of it.

    Each image is then in its layout, and in its archive. Files have the time of the commit, unless
    not `dated`: then their own, as older commits need it, whose byte code tells of it.
    """
    folder = context(source.folder)
    folder.mkdir(parents=True, exist_ok=True)
    wheels.build(source, wheels_of(source.folder))
    images = of(source.folder)
    for image in images:
        _export_requirements(image)
        _build(image, source, base, fresh, dated)
    return images


def _export_requirements(image: Image) -> None:
    project = tomllib.loads((image.source / "pyproject.toml").read_text())["project"]
    known = project["optional-dependencies"]  # an older commit may lack one
    extras = [part for extra in image.extras if extra in known for part in ("--extra", extra)]
    command = [str(UV), "export", "--quiet", "--frozen", "--no-dev", "--no-emit-workspace"]
    subprocess.run(
        [*command, "--no-header", *extras, "--output-file", str(image.archive.with_suffix(".txt"))],
        cwd=image.source,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _build(image: Image, source: Source, base: str, fresh: bool, dated: bool) -> None:
    """Build an image into its layout and archive, unless they already hold that very image."""
    identity = build_file(
        image.source / "images" / f"Containerfile.{image.role}",
        context(image.source),
        image.name,
        {
            "BASE_IMAGE": base,
            "PIP_CERT": str(CA_FILE),
            "CREATED": source.created,
            "REVISION": source.revision,
            "VERSION": image.version,
        },
        epoch=source.epoch if dated else None,
        fresh=fresh,
    )
    stamp = image.archive.with_suffix(".id")
    if image.archive.exists() and stamp.exists() and stamp.read_text() == identity:
        return
    stamp.unlink(missing_ok=True)
    shutil.rmtree(image.layout, ignore_errors=True)
    buildah("push", "--quiet", "--format", "oci", identity, f"oci:{image.layout}")
    Layout(image.layout).write_archive(image.archive, image.name, source.epoch)
    stamp.write_text(identity)


def build_file(
    file: Path,
    folder: Path,
    name: str,
    arguments: dict[str, str],
    *,
    epoch: int | None,
    fresh: bool = False,
) -> str:
    """Build a Containerfile with a folder as its context; the id of the image.

    The name is for people: builds of other checkouts may take it at any time.
    """
    told = folder / f"{file.name}.iid"
    buildah(
        *("build", "--quiet", "--layers", "--isolation", "chroot", "--format", "oci"),
        *(["--no-cache"] if fresh else []),
        *([] if epoch is None else ["--timestamp", str(epoch)]),
        *("--tag", name, "--iidfile", str(told)),
        *(part for key in arguments for part in ("--build-arg", f"{key}={arguments[key]}")),
        *(["--volume", f"{CA_FILE}:{CA_FILE}:ro"] if CA_FILE.exists() else []),
        *("--file", str(file), str(folder)),
    )
    return told.read_text()


def buildah(*arguments: str) -> str:
    """What buildah prints."""
    done = subprocess.run(["buildah", *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()
