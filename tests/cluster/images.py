"""The images of the project, and the two that only this cluster needs, built without Docker.

The project's own Containerfiles start from a public Python image. No image registry is used here,
so a small Debian made by mmdebstrap takes its place; pods find all images in the node's own store.
The wheels are built outside, where the compiler and its cache are, and copied in. Their
dependencies are installed inside by the image's Python, from the lock file, with hashes.
"""

import os
import subprocess
import tomllib
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import yaml

from cluster import builds
from cluster.settings import PAUSE_IMAGE

REPOSITORY = Path(__file__).resolve().parents[2]
_UV = REPOSITORY / ".tools" / "uv" / "bin" / "uv"
_BASE_SUITE = "bookworm"
_BASE_PACKAGES = "ca-certificates,python3-minimal,libpython3-stdlib,python3-venv"
_CA_FILE = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Image:
    """An image of the project: its role, and the extras of the distribution that it holds."""

    role: str
    extras: tuple[str, ...]
    source: Path = REPOSITORY
    """The checkout that it is made of."""

    @property
    def name(self) -> str:
        """The name that the chart asks for by default."""
        chart = yaml.safe_load((self.source / "helm" / "dnsfleet" / "Chart.yaml").read_text())
        return f"docker.io/library/dnsfleet-{self.role}:{chart['appVersion']}"

    @property
    def archive(self) -> Path:
        return _context(self.source) / f"{self.role}.tar"


OPERATOR = Image("operator", ("operator", "status"))
EDGE = Image("edge", ("edge", "replica"))
_PAUSE_ARCHIVE = "pause.tar"


def build(source: Path = REPOSITORY) -> list[Path]:
    """Build what changed in a checkout, ours or one of another commit; the archives of all images.

    Two checkouts give their images the same names: so a cluster has those of one.
    """
    _context(source).mkdir(parents=True, exist_ok=True)
    base = _base()
    _build_wheels(source)
    for image in _of(source):
        _export_requirements(image)
        file = source / "images" / f"Containerfile.{image.role}"
        _build(image.name, image.archive, file, [f"BASE_IMAGE={base}", f"PIP_CERT={_CA_FILE}"])
    _build_pause(_context(source))
    return archives(source)


def archives(source: Path = REPOSITORY) -> list[Path]:
    """The archives of all images that were built, the pause image first."""
    return [_context(source) / _PAUSE_ARCHIVE, *(image.archive for image in _of(source))]


def _of(source: Path) -> list[Image]:
    return [replace(image, source=source) for image in (OPERATOR, EDGE)]


def _context(source: Path) -> Path:
    """The folder with what images are made of, and with their archives."""
    return source / "dist" / "images"


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


def _build_wheels(source: Path) -> None:
    wheels = _context(source) / "wheels"
    for old in wheels.glob("*.whl"):
        old.unlink()
    for project in (source, source / "edge" / "engine"):
        subprocess.run(
            [str(_UV), "build", "--quiet", "--wheel", "--out-dir", str(wheels), str(project)],
            check=True,
        )
    (wheels / ".gitignore").unlink(missing_ok=True)


def _export_requirements(image: Image) -> None:
    project = tomllib.loads((image.source / "pyproject.toml").read_text())["project"]
    known = project["optional-dependencies"]  # an older commit may lack one
    extras = [part for extra in image.extras if extra in known for part in ("--extra", extra)]
    command = [str(_UV), "export", "--quiet", "--frozen", "--no-dev", "--no-emit-workspace"]
    subprocess.run(
        [*command, *extras, "--output-file", str(image.archive.with_suffix(".txt"))],
        cwd=image.source,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _build_pause(context: Path) -> None:
    """The image of the process that holds a pod's namespaces."""
    archive = context / _PAUSE_ARCHIVE
    if not archive.exists():
        code = Path(__file__).with_name("pause.c")
        program = context / "pause"
        subprocess.run(["cc", "-Os", "-static", "-o", str(program), str(code)], check=True)
        file = context / "Containerfile.pause"
        file.write_text('FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n')
        _build(PAUSE_IMAGE, archive, file, [])


def _build(name: str, archive: Path, file: Path, arguments: list[str]) -> None:
    """Build an image into an archive, unless the archive already holds that very image."""
    certificates = ["--volume", f"{_CA_FILE}:{_CA_FILE}:ro"] if arguments else []
    _buildah(
        *("build", "--quiet", "--layers", "--isolation", "chroot", "--tag", name),
        *(part for argument in arguments for part in ("--build-arg", argument)),
        *certificates,
        *("--file", str(file), str(archive.parent)),
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
