"""What README.md says to install is enough for `kubectl dnsfleet`, and every program has a version.

An extra installs the scripts of all roles, and what they import may be in none that was asked for.
"""

import os
import re
import subprocess
import sys
import venv
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
INSTALL_SECONDS = 900
"""The engine is compiled, unless it was lately."""
PROGRAMS = sorted(
    each.name for each in entry_points(group="console_scripts") if each.value.startswith("dnsfleet")
)
IMPORT_ALL = """
import importlib, pkgutil, sys
import dnsfleet_cli
parts = ("kubectl", "top", "tracing", "verifying")
for part in parts:
    package = importlib.import_module(f"dnsfleet_cli.{part}")
    for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not each.name.endswith("__main__"):
            importlib.import_module(each.name)
            print(each.name)
"""


def run(*command: object) -> str:
    ended = subprocess.run(
        [str(each) for each in command],
        cwd=REPOSITORY,
        env={"CARGO_TARGET_DIR": str(REPOSITORY / "edge/engine/target"), **os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.timeout(INSTALL_SECONDS)
def test_the_plugin_works_with_what_readme_installs(tmp_path: Path) -> None:
    (words,) = re.findall(
        r"^\$ pip install (\./edge/engine .*?)(?: +#.*)?$",
        (REPOSITORY / "README.md").read_text(),
        re.M,
    )
    venv.create(tmp_path / "env", with_pip=True)
    programs = tmp_path / "env" / "bin"
    packages = words.replace("'", "").split()
    run(programs / "python", "-m", "pip", "install", "--quiet", *packages)
    assert run(programs / "kubectl-dnsfleet", "--version").startswith("kubectl-dnsfleet ")
    assert "dnsfleet_cli.kubectl.main" in run(programs / "python", "-c", IMPORT_ALL)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_says_its_version_and_what_it_takes(program: str) -> None:
    path = Path(sys.executable).with_name(program)
    assert run(path, "--version") == f"{program} {version('dnsfleet')}\n"
    assert program in run(path, "--help")


def test_all_programs_are_known() -> None:
    assert PROGRAMS == [
        "dnsfleet",
        "dnsfleet-edge",
        "dnsfleet-externaldns",
        "dnsfleet-gate",
        "dnsfleet-operator",
        "dnsfleet-probe",
        "dnsfleet-redis",
        "dnsfleet-status",
        "dnsfleet-tunnel",
        "kubectl-dnsfleet",
    ]
