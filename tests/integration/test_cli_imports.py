"""Commands start fast because each imports little, as Python reports it of real commands."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.serving import COMMAND, serving

ZONE = """\
example.com.     3600 IN SOA ns1.example.com. hostmaster.example.com. 7 7200 900 1209600 300
example.com.     3600 IN NS ns1.example.com.
ns1.example.com. 3600 IN A 192.0.2.1
"""
TELLING = ("-X", "importtime", *COMMAND)

NEEDLESS = {
    "cryptography",
    "dns",
    "dnsfleet.resources",
    "dnsfleet_edge",
    "dnsfleet_operator",
    "kopf",
    "kubernetes",
    "prometheus_client",
    "redis",
    "rich",
    "watchfiles",
    "yaml",
}
"""What only other commands need, or only an unusual record type or name. Pydantic is not in it:
typer reads every command line with it."""


def imported(told: str) -> set[str]:
    """The modules of `-X importtime`: `import time: OWN | IN ALL | MODULE`, indented by depth."""
    return {line.rpartition("|")[2].strip() for line in told.splitlines()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "example.com.zone"
    file.write_text(ZONE)
    return file


def test_serve_when_it_answers(file: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    with (
        told.open("w") as stderr,
        serving("--zone", f"example.com={file}", python=TELLING, stderr=stderr) as served,
    ):
        served.cookie()
        modules = imported(told.read_text())
    assert {"dnsfleet_cli.main", "dnsfleet_cli.serving", "dnsfleet_engine"} <= modules
    assert not NEEDLESS & modules


@pytest.mark.parametrize(("command", "files"), [("lint", 1), ("diff", 2)])
def test_a_command_on_master_files_alone(command: str, files: int, file: Path) -> None:
    ended = subprocess.run(
        [sys.executable, *TELLING, "zone", command, *[file] * files],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    modules = imported(ended.stderr)
    assert {"dnsfleet_cli.zone_commands", "dnsfleet_engine"} <= modules
    assert not NEEDLESS & modules
