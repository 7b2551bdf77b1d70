"""Knot and BIND read a fleet's catalog, with the lines of docs/integrations/catalog-zones.md."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.name
import dns.zone
import pytest
from dns.rdataclass import IN
from dns.rdatatype import PTR
from support import catalog_secondaries, nameservers
from support.catalog_secondaries import CATALOG
from support.fleet import Fleet, replace
from support.ports import free_port
from support.secondaries import serial, transferred, tsig_key
from support.up_runs import pops
from support.waiting import wait_for

KINDS = (nameservers.KNOT, nameservers.BIND)
SECONDS = 60.0
"""A NOTIFY and a transfer take much less; BIND looks at a catalog every 5 s at most."""
MEMBER = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {{name: {name}, labels: {{secondaries: "{out}"}}}}
spec:
  origin: {name}.example
  nameServers: [ns1.example.net]
  records:
    - {{name: www, type: A, data: ["{address}"]}}
    - {{name: "*", type: TXT, data: ["for {name}"]}}
"""


class Running(NamedTuple):
    fleet: Fleet
    files: Path
    gate: int
    ports: dict[str, int]
    """Of the secondaries, by program."""

    def put(self, name: str, address: str = "192.0.2.1", out: str = "yes") -> None:
        replace(self.files / f"{name}.yaml", MEMBER.format(name=name, address=address, out=out))

    def remove(self, name: str) -> None:
        replace(self.files / f"{name}.yaml", "# no Zone\n")

    def labels(self) -> dict[str, str]:
        """The label of each zone that the gate's catalog lists."""
        held = transferred(self.gate, tsig_key(), CATALOG)
        return {
            str(data.target): owner.labels[0].decode()
            for owner, _, data in held.iterate_rdatas(PTR)
            if data.rdclass == IN
        }

    def is_at_all(self, name: str) -> None:
        """Every secondary has what the gate has of a zone."""
        origin = f"{name}.example"
        wait_for(f"{origin} at the gate", lambda: serial(self.gate, tsig_key(), origin), SECONDS)
        for program, port in self.ports.items():
            wait_for(f"{origin} at {program}", lambda port=port: self._equal(origin, port), SECONDS)

    def is_at_none(self, name: str) -> None:
        """No secondary has a zone any more."""
        for program, port in self.ports.items():
            wait_for(
                f"no {name} at {program}",
                lambda port=port: serial(port, None, f"{name}.example") is None,
                SECONDS,
            )

    def _equal(self, origin: str, port: int) -> bool:
        try:
            return transferred(port, None, origin) == transferred(self.gate, tsig_key(), origin)
        except (OSError, dns.exception.DNSException):
            return False  # not yet


@pytest.fixture(scope="module", name="fleet")
def _fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("catalog")
    files, gate = folder / "files", free_port()
    files.mkdir()
    ports = {kind.program: free_port() for kind in KINDS}
    text = pops("fra") + "---\n" + catalog_secondaries.manifest(ports.values())
    (files / "all.yaml").write_text(text)
    with ExitStack() as stack:
        fleet = Fleet(files, folder / "state", 1, "--gate", str(gate))
        found = Running(fleet, files, gate, ports)
        for name in ("a", "b"):
            found.put(name)
        found.put("inside", out="no")
        stack.enter_context(fleet)
        fleet.wait("transferring", 60)
        for kind in KINDS:
            own = folder / kind.program
            own.mkdir()
            stack.enter_context(catalog_secondaries.secondary(kind, gate, ports[kind.program], own))
        yield found


def test_zones_appear_change_and_leave_with_no_word_at_the_secondaries(fleet: Running) -> None:
    for name in ("a", "b"):
        fleet.is_at_all(name)
    fleet.put("c")
    fleet.is_at_all("c")
    fleet.put("c", "192.0.2.9")
    wait_for("the change", lambda: "192.0.2.9" in _text(fleet.gate, "c.example"), SECONDS)
    fleet.is_at_all("c")
    fleet.is_at_none("inside")
    fleet.remove("b")
    fleet.is_at_none("b")
    for name in ("a", "c"):
        fleet.is_at_all(name)


def test_a_label_takes_a_zone_out_although_the_fleet_serves_it(fleet: Running) -> None:
    fleet.put("d")
    fleet.is_at_all("d")
    fleet.put("d", out="no")
    fleet.is_at_none("d")
    assert serial(fleet.gate, tsig_key(), "d.example") is not None


def test_a_zone_that_is_made_anew_comes_again_with_another_label(fleet: Running) -> None:
    fleet.put("e")
    fleet.is_at_all("e")
    before = fleet.labels()
    fleet.remove("e")
    fleet.is_at_none("e")
    fleet.put("e", "192.0.2.7")
    fleet.is_at_all("e")
    after = fleet.labels()
    assert after["e.example."] != before["e.example."]
    assert after["a.example."] == before["a.example."]


def test_no_pop_answers_for_a_catalog(fleet: Running) -> None:
    assert serial(fleet.fleet.dns_port, None, CATALOG) is None
    assert serial(fleet.fleet.dns_port, None, "a.example") is not None


def _text(gate: int, origin: str) -> str:
    held: dns.zone.Zone = transferred(gate, tsig_key(), origin)
    return str(held.to_text())
