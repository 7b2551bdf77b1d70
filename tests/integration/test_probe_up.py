"""`dnsfleet probe` on a fleet that `dnsfleet up` runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from dnsfleet_cli.troubles import TROUBLE
from support.fleet import Fleet
from support.up_runs import pops, zone
from support.waiting import wait_for

DRAINED = "---\napiVersion: dnsfleet.io/v1alpha1\nkind: Pop\nmetadata: {name: old}\n"


Said = dict[str, Any]


def probe(state: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dnsfleet_cli", "probe", "--state-dir", str(state)]
    return subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)


def test_every_pop_of_a_fleet_is_asked_from_outside(tmp_path: Path) -> None:
    files, state = tmp_path / "files", tmp_path / "state"
    files.mkdir()
    drained = DRAINED + "spec: {state: Drained}\n"
    (files / "all.yaml").write_text(
        zone("one", "192.0.2.1") + "---\n" + pops("fra", "iad") + drained
    )
    with Fleet(files, state, 2) as fleet:
        fleet.wait("ready", 60)

        def said(*options: str) -> Said | None:
            """Once the list tells that both Pops answer all."""
            done = probe(state, "--json", *options)
            if done.returncode != 0:
                return None
            found: Said = json.loads(done.stdout)
            inside = [each["inside"] for each in found["pops"]]
            return found if set(inside) == {"current"} else None

        found = wait_for("all as published", said, 30)
        assert found is not None
        assert [each["pop"] for each in found["pops"]] == ["fra", "iad"]
        assert found["drained"] == ["old"]
        for pop in found["pops"]:
            assert pop["zones"] == {"one.example.": True}
            assert {each["transport"] for each in pop["addresses"]} == {"udp", "tcp"}
            assert not pop["disagrees"]
        targets = wait_for("the targets of fra", lambda: said("--place", "fra"), 30)
        assert targets is not None
        assert [each["pop"] for each in targets["pops"]] == ["iad"]
        table = probe(state).stdout
        assert f"127.0.0.1:{fleet.dns_port}" in table
        assert "not asked, as they are drained: old" in table
    ended = probe(state)
    assert (ended.returncode, ended.stdout) == (TROUBLE, "")
    assert "nothing was asked: the replica does not answer" in ended.stderr


def test_a_folder_that_no_fleet_has_used_is_told(tmp_path: Path) -> None:
    done = probe(tmp_path)
    assert (done.returncode, done.stdout) == (TROUBLE, "")
    assert "see that `dnsfleet up` runs from this folder" in done.stderr
