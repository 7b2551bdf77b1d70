"""A release that is built twice has the same octets, and its wheels give working commands.

Here layers of images come from the cache of their builder. `make dist-full` takes none from there,
and makes both in clones, each in a folder and with an environment of its own, and with nothing
compiled before.
"""

import hashlib
import os
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
from cluster import images
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from release import artefacts, making, source
from release.source import ROOT, UV

BUILD_SECONDS = 1500
_FULL = "DIST"
"""The environment variable by which `make dist-full` asks for clones."""


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders, each with a whole release of this checkout."""
    if os.environ.get(_FULL):
        return [clone(tmp_path_factory.mktemp(name)) for name in ("a", "another-longer-name")]
    folders = [tmp_path_factory.mktemp("dist") for _ in range(2)]
    for folder in folders:
        wishes = making.Wishes(images.base(), modified=True)
        making.make(source.read(), folder, wishes)
    return folders


def clone(folder: Path) -> Path:
    """A release of the commit, made as anyone would make it, but for the cache of layers."""
    checkout = folder / "dnsfleet"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(checkout)], check=True)
    own = (_FULL, "CARGO_TARGET_DIR", "MAKEFLAGS", "MAKELEVEL")
    environment = {name: text for name, text in os.environ.items() if name not in own}
    subprocess.run(
        ["make", "dist", f"BASE_IMAGE={images.base()}", "FRESH=yes"],
        cwd=checkout,
        env=environment,
        check=True,
    )
    return checkout / "dist"


@pytest.mark.timeout(2 * BUILD_SECONDS)
def test_both_have_the_same_octets(twice: list[Path]) -> None:
    one, two = (artefacts.checksums(folder) for folder in twice)
    assert len(one) == 12
    assert one == two


def test_the_checksums_are_right(twice: list[Path]) -> None:
    lines = (twice[0] / artefacts.SUMS).read_text().splitlines()
    told = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    assert set(told) == set(artefacts.checksums(twice[0])) - {artefacts.SUMS}
    for name, digest in told.items():
        assert hashlib.sha256((twice[0] / name).read_bytes()).hexdigest() == digest


def test_nothing_names_a_folder_of_this_machine(twice: list[Path]) -> None:
    places = [str(ROOT), str(twice[0]), str(Path.home() / ".cargo"), str(Path.home() / ".cache")]
    for path in twice[0].glob("*.json"):
        assert not [place for place in places if place in path.read_text()], path
    (engine,) = twice[0].glob("dnsfleet_engine-*.whl")
    with ZipFile(engine) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert not [place for place in places if place.encode() in content], name


def test_the_bills_of_materials_are_valid(twice: list[Path]) -> None:
    bills = sorted(twice[0].glob("*.spdx.json"))
    assert len(bills) == 3
    for path in bills:
        document = parse_file(str(path))
        assert validate_full_spdx_document(document, "SPDX-2.3") == []
        names = {package.name for package in document.packages}
        assert {"dnsfleet-engine", "pyo3"} <= names
        if "edge" in path.name:
            assert {"libc6", "redis", "valkey"} <= names
        if "operator" in path.name:
            assert {"libc6", "kopf", "kubernetes"} <= names


def test_the_wheels_give_working_commands(twice: list[Path], tmp_path: Path) -> None:
    subprocess.run([str(UV), "venv", "--quiet", "--python", "3.11", str(tmp_path)], check=True)
    (wheel,) = twice[0].glob("dnsfleet-*.whl")
    (engine,) = twice[0].glob("dnsfleet_engine-*.whl")
    install = [str(UV), "pip", "install", "--quiet", "--python", str(tmp_path / "bin" / "python")]
    subprocess.run([*install, f"{wheel}[cli,kubectl]", str(engine)], check=True)
    lint = [ROOT / "examples" / "quickstart"]
    for command in (["dnsfleet", "check", "-f", *map(str, lint)], ["kubectl-dnsfleet", "--help"]):
        program = tmp_path / "bin" / command[0]
        done = subprocess.run(
            [str(program), *command[1:]], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
