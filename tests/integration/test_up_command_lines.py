"""No process of a fleet on this machine shows a secret in its command line."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import command_lines
from support.fleet import Fleet
from support.up_runs import pops, processes_of, zone
from support.valkey import Valkey

READY_SECONDS = 60.0
PASSWORD = "of-a-core-of-somebody-else"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "all.yaml").write_text(zone("one", "192.0.2.1") + "---\n" + pops("fra", "ams"))
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Valkey]:
    """A core that somebody else runs, with one user for everything."""
    server = Valkey(tmp_path / "outside", users=[f"user fleet on >{PASSWORD} ~* &* +@all"])
    server.start()
    yield server
    server.kill()


def test_a_fleet_with_its_own_core_shows_no_password(files: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Fleet(files, state, 2) as fleet:
        fleet.wait("ready", READY_SECONDS)
        secrets = {
            f"the password of {user}": password.encode()
            for user, password in json.loads((state / "passwords.json").read_text()).items()
        }
        assert {f"the password of {user}" for user in ("publisher", "replica", "ack", "edge")} <= (
            secrets.keys()
        )
        lines = dict(command_lines.command_lines())
        ours = {*processes_of(state), fleet.process.pid}
        assert len(ours) == 6, "itself, a core, and two Pops of a replica and an edge"
        assert ours <= lines.keys()
        assert command_lines.having(secrets, lines.items()) == []


def test_the_address_of_another_core_comes_by_the_environment(
    files: Path, tmp_path: Path, outside: Valkey
) -> None:
    state, url = tmp_path / "state", outside.url_for("fleet", PASSWORD)
    environment = {"DNSFLEET_REDIS_URL": url}
    with Fleet(files, state, 2, environment=environment) as fleet:
        fleet.wait("ready", READY_SECONDS)
        lines = dict(command_lines.command_lines())
        assert len(processes_of(state)) == 4, "two Pops of a replica and an edge, and no core"
        assert fleet.process.pid in lines
        assert command_lines.having({"the password": PASSWORD.encode()}, lines.items()) == []
        command = ("verify", "-f", str(files), "--state-dir", str(state))
        verified = subprocess.run(
            (sys.executable, "-m", "dnsfleet_cli", *command),
            env=fleet.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert verified.returncode == 0, verified.stdout + verified.stderr
