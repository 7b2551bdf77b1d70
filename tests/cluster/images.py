"""The images of the project, and the two that only this cluster needs, built without Docker.

The project's own Containerfiles start from a public Python image. No image registry is used here,
so a small Debian made by mmdebstrap takes its place; pods find all images in the node's own store.
The wheels are built outside, where the compiler and its cache are, and copied in. Their
dependencies are installed inside by the image's Python, from the lock file, with hashes.
"""

import os
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import yaml

from cluster import builds
from cluster.settings import PAUSE_IMAGE

REPOSITORY = Path(__file__).resolve().parents[2]
CONTEXT = REPOSITORY / "dist" / "images"
CHART = REPOSITORY / "helm" / "dnsfleet" / "Chart.yaml"
_UV = REPOSITORY / ".tools" / "uv" / "bin" / "uv"
_BASE_SUITE = "bookworm"
_BASE_PACKAGES = "ca-certificates,python3-minimal,libpython3-stdlib,python3-venv"
_CA_FILE = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Image:
    """An image of the project: its role, and the extras of the distribution that it holds."""

    role: str
    extras: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name that the chart asks for by default."""
        version = yaml.safe_load(CHART.read_text())["appVersion"]
        return f"docker.io/library/dnsfleet-{self.role}:{version}"

    @property
    def archive(self) -> Path:
        return CONTEXT / f"{self.role}.tar"


OPERATOR = Image("operator", ("operator", "status"))
EDGE = Image("edge", ("edge", "replica"))
PAUSE_ARCHIVE = CONTEXT / "pause.tar"


def build() -> list[Path]:
    """Build what changed; the archives of all images."""
    CONTEXT.mkdir(parents=True, exist_ok=True)
    base = _base()
    _build_wheels()
    for image in (OPERATOR, EDGE):
        _export_requirements(image)
        file = REPOSITORY / "images" / f"Containerfile.{image.role}"
        _build(image.name, image.archive, file, [f"BASE_IMAGE={base}", f"PIP_CERT={_CA_FILE}"])
    _build_pause()
    return archives()


def archives() -> list[Path]:
    """The archives of all images that were built, the pause image first."""
    return [PAUSE_ARCHIVE, OPERATOR.archive, EDGE.archive]


def _base() -> str:
    """The Debian that takes the place of the public Python image, with a hash in its name."""
    recipe = sha256(f"{_BASE_SUITE} {_BASE_PACKAGES}".encode()).hexdigest()[:16]
    name = f"localhost/dnsfleet-base:{recipe}"
    if _buildah("images", "--quiet", "--filter", f"reference={name}"):
        return name
    archive = builds.cache() / f"base-{recipe}.tar"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        unfinished = archive.with_name(f"unfinished-{archive.name}")
        choice = ["--variant=essential", f"--include={_BASE_PACKAGES}"]
        subprocess.run(["mmdebstrap", "--quiet", *choice, _BASE_SUITE, str(unfinished)], check=True)
        unfinished.rename(archive)
    container = _buildah("from", "scratch")
    _buildah("add", "--quiet", container, str(archive), "/")
    _buildah("commit", "--quiet", "--rm", container, name)
    return name


def _build_wheels() -> None:
    wheels = CONTEXT / "wheels"
    for old in wheels.glob("*.whl"):
        old.unlink()
    for source in (REPOSITORY, REPOSITORY / "edge" / "engine"):
        subprocess.run(
            [str(_UV), "build", "--quiet", "--wheel", "--out-dir", str(wheels), str(source)],
            check=True,
        )
    (wheels / ".gitignore").unlink(missing_ok=True)


def _export_requirements(image: Image) -> None:
    extras = [part for extra in image.extras for part in ("--extra", extra)]
    command = [str(_UV), "export", "--quiet", "--frozen", "--no-dev", "--no-emit-workspace"]
    subprocess.run(
        [*command, *extras, "--output-file", str(CONTEXT / f"{image.role}.txt")],
        cwd=REPOSITORY,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _build_pause() -> None:
    """The image of the process that holds a pod's namespaces."""
    if not PAUSE_ARCHIVE.exists():
        source = Path(__file__).with_name("pause.c")
        program = CONTEXT / "pause"
        subprocess.run(["cc", "-Os", "-static", "-o", str(program), str(source)], check=True)
        file = CONTEXT / "Containerfile.pause"
        file.write_text('FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n')
        _build(PAUSE_IMAGE, PAUSE_ARCHIVE, file, [])


def _build(name: str, archive: Path, file: Path, arguments: list[str]) -> None:
    """Build an image into an archive, unless the archive already holds that very image."""
    certificates = ["--volume", f"{_CA_FILE}:{_CA_FILE}:ro"] if arguments else []
    _buildah(
        *("build", "--quiet", "--layers", "--isolation", "chroot", "--tag", name),
        *(part for argument in arguments for part in ("--build-arg", argument)),
        *certificates,
        *("--file", str(file), str(CONTEXT)),
    )
    identity = _buildah("images", "--quiet", "--no-trunc", "--filter", f"reference={name}")
    stamp = archive.with_suffix(".id")
    if archive.exists() and stamp.exists() and stamp.read_text() == identity:
        return
    archive.unlink(missing_ok=True)
    _buildah("push", "--quiet", name, f"docker-archive:{archive}:{name}")
    stamp.write_text(identity)


def _buildah(*arguments: str) -> str:
    done = subprocess.run(
        ["buildah", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "BUILDAH_FORMAT": "docker"},
    )
    return done.stdout.strip()
