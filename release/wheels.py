"""Wheels and source archives of both distributions.

Hatchling and Maturin come from the environment, and so from the lock file. Both give the files in
their archives the time SOURCE_DATE_EPOCH. The engine takes more: panics tell of source files, and
Rust writes their names as it was given them, so each folder of this machine gets another name.
"""

import os
import subprocess
import sys
from pathlib import Path

from release.source import UV, Source

_PLATFORM = "pypi"
"""Whichever manylinux tag the libraries of this machine allow, and none that PyPI refuses."""


def build(source: Source, folder: Path) -> list[Path]:
    """Both wheels, in a folder that then has no other."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    _uv_build(source, folder, "--wheel")
    choice = ["--release", "--strip", "--locked", "--compatibility", _PLATFORM]
    _maturin(source, folder, "build", *choice, environment=_compiling(source))
    return built(folder)


def built(folder: Path) -> list[Path]:
    """The wheels in a folder; that of the distribution comes first."""
    return sorted(folder.glob("*.whl"), key=lambda path: path.name.startswith("dnsfleet_engine"))


def archive(source: Source, folder: Path) -> None:
    """Both source archives, into a folder."""
    _uv_build(source, folder, "--sdist")
    _maturin(source, folder, "sdist")


def _uv_build(source: Source, folder: Path, kind: str) -> None:
    python = ["--no-build-isolation", "--python", sys.executable]
    _run(source, [str(UV), "build", "--quiet", *python, kind, "--out-dir", str(folder)])
    (folder / ".gitignore").unlink(missing_ok=True)


def _maturin(
    source: Source, folder: Path, *command: str, environment: dict[str, str] | None = None
) -> None:
    program = Path(sys.executable).with_name("maturin")
    manifest = ["--manifest-path", str(source.engine / "Cargo.toml"), "--out", str(folder)]
    _run(source, [str(program), *command, *manifest], environment)


def _compiling(source: Source) -> dict[str, str]:
    """Variables for cargo. As its flags are not those of tests, its target folder is another."""
    cargo = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    target = source.engine / "target" / "dist"
    facts = dict(
        line.split(": ", 1) for line in _output("rustc", "-vV").splitlines() if ": " in line
    )
    standard = Path(_output("rustc", "--print", "sysroot"), "lib", "rustlib", "src", "rust")
    names = {
        cargo / "registry" / "src": "/cargo",
        source.folder: "/dnsfleet",
        target: "/target",
        standard: f"/rustc/{facts['commit-hash']}",
    }
    flags = [f"--remap-path-prefix={path}={name}" for path, name in names.items()]
    return {"CARGO_TARGET_DIR": str(target), "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)}


def _run(source: Source, command: list[str], more: dict[str, str] | None = None) -> None:
    subprocess.run(
        command, cwd=source.folder, check=True, env={**source.environment, **(more or {})}
    )


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
