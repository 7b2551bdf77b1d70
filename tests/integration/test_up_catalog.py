"""A catalog of `dnsfleet up`, which has no uids: what it lists from run to run."""

from pathlib import Path

from dns.rdatatype import PTR
from support import catalog_secondaries
from support.catalog_secondaries import CATALOG
from support.fleet import Fleet, replace
from support.ports import free_port
from support.secondaries import serial, transferred, tsig_key
from support.up_runs import pops, zone
from support.waiting import wait_for

SECONDS = 30.0


def put(files: Path, name: str) -> None:
    text = zone(name, "192.0.2.1").replace("name: " + name, f"name: {name}, labels: {{out: 'yes'}}")
    replace(files / f"{name}.yaml", text)


def labels(gate: int) -> dict[str, str]:
    """The label of each zone that the catalog lists; empty while it is not there."""
    if serial(gate, tsig_key(), CATALOG) is None:
        return {}
    held = transferred(gate, tsig_key(), CATALOG)
    rows = held.iterate_rdatas(PTR)
    return {str(data.target): owner.labels[0].decode() for owner, _, data in rows}


def test_another_run_goes_on_with_the_same_labels(tmp_path: Path) -> None:
    files, state, gate = tmp_path / "files", tmp_path / "state", free_port()
    files.mkdir()
    (files / "all.yaml").write_text(
        pops("fra")
        + "---\n"
        + catalog_secondaries.manifest([]).replace('secondaries: "yes"', 'out: "yes"')
    )
    for name in ("a", "b"):
        put(files, name)
    with Fleet(files, state, 1, "--gate", str(gate)) as fleet:
        fleet.wait("transferring", SECONDS)
        wait_for("both are listed", lambda: len(labels(gate)) == 2, SECONDS)
        replace(
            files / "a.yaml",
            zone("a", "192.0.2.2").replace("name: a", "name: a, labels: {out: 'yes'}"),
        )
        fleet.wait("propagated", SECONDS, lambda event: event["zone"] == "a.example.")
        before = labels(gate)
    put(files, "c")
    replace(files / "b.yaml", "# no Zone\n")
    with Fleet(files, state, 1, "--gate", str(gate)) as fleet:
        fleet.wait("transferring", SECONDS)
        names = {"a.example.", "c.example."}
        wait_for("one came and one went", lambda: labels(gate).keys() == names, SECONDS)
        assert labels(gate)["a.example."] == before["a.example."]
