"""Zones of a fleet that delegate to each other: what is said of them after any changes."""

import functools
from pathlib import Path

from dnsfleet.resources import Reference, documents
from dnsfleet.violations import Violation
from dnsfleet.zones import master_files
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_engine import Zone
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.delegated import Delegated
from dnsfleet_publisher.last_good import Assembled
from hypothesis import given
from hypothesis import strategies as st
from support import yaml_resources
from support.zone_signing import OTHER_KEY, ds_record, sign

HEAD = "@ 300 SOA ns.other. host.other. 1 7200 900 1209600 300\n@ 300 NS ns.other.\n"
# Each is below the one before, and the last is below all but the third.
ORIGINS = ["a.", "b.a.", "c.b.a.", "d.b.a."]
# By how it is signed, if at all, and what it says of the zones below it.
STATES = ["plain", "signed", "signed by another", "gone"]
DELEGATIONS = ["none", "plain", "DS"]


@functools.cache
def _zone(origin: str, state: str, delegation: str) -> Zone:
    text = HEAD
    for below in ORIGINS:
        if below.endswith(f".{origin}") and delegation != "none":
            text += f"{below} 300 NS ns.other.\n"
            text += f"{below} 300 DS {ds_record(below)}\n" if delegation == "DS" else ""
    if state == "signed by another":
        text = sign(text, origin, OTHER_KEY)
    elif state == "signed":
        text = sign(text, origin)
    zone, found = master_files.read(text.encode(), "f", origin)
    assert zone is not None, found
    return zone


def _assembled(origin: str, state: str, delegation: str) -> Assembled:
    resource = yaml_resources.zone(f"origin: {origin}", name=origin.replace(".", "-") + "zone")
    return Assembled(resource, _zone(origin, state, delegation), ())


CHANGES = st.lists(
    st.lists(
        st.tuples(st.sampled_from(ORIGINS), st.sampled_from(STATES), st.sampled_from(DELEGATIONS)),
        min_size=1,
        max_size=3,
    ),
    max_size=8,
)


@given(CHANGES)
def test_changes_lead_to_what_one_look_at_everything_finds(
    passes: list[list[tuple[str, str, str]]],
) -> None:
    zones: dict[str, Assembled] = {}
    delegated = Delegated()
    for changes in passes:
        before = dict(delegated.found)
        for origin, state, delegation in changes:
            zones.pop(origin, None)
            if state != "gone":
                zones[origin] = _assembled(origin, state, delegation)
        different = delegated.changed([origin for origin, *_ in changes], zones)
        fresh = Delegated()
        fresh.changed(zones, zones)
        assert delegated.found == fresh.found
        all_told = before.keys() | delegated.found.keys()
        assert different == {o for o in all_told if before.get(o) != delegated.found.get(o)}


MANIFEST = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: NAME}
spec: {origin: ORIGIN, zoneFile: {path: NAME.zone}}
"""
PARENT, CHILD = Reference("Zone", "default", "parent"), Reference("Zone", "default", "child")


class Fleet:
    """A zone and one below it, as `dnsfleet up` has them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        text = "---\n".join(
            MANIFEST.replace("NAME", name).replace("ORIGIN", origin)
            for name, origin in [("parent", "a."), ("child", "b.a.")]
        )
        self.documents, _ = documents.load(text, str(folder / "fleet.yaml"))
        self.paths = ZonePaths()
        self.assembler = Assembler(self.paths)

    def look(self, **states: tuple[str, str]) -> set[Reference]:
        """Write zone files anew; about which objects there is something new to say."""
        files = {name: self.folder / f"{name}.zone" for name in states}
        for name, (state, delegation) in states.items():
            origin = {"parent": "a.", "child": "b.a."}[name]
            files[name].write_text(_zone(origin, state, delegation).to_text())
        self.paths.look(set(files.values()))
        self.assembler.replace(self.documents)
        return self.assembler.assemble().touched

    @property
    def told(self) -> list[tuple[str, str]]:
        """Reason and place of all that is said of the zone below."""
        found: list[Violation] = self.assembler.violations_of(CHILD)
        everything = self.assembler.violations()
        assert found == [each for each in everything if each.where.startswith("Zone ")]
        return [(each.reason, each.where) for each in found]


def test_what_is_found_is_told_of_the_zone_below(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    where = "Zone default/child: spec.origin"
    fleet.look(parent=("signed", "plain"), child=("plain", "none"))
    assert fleet.told == []
    fleet.look(child=("signed", "none"))
    assert fleet.told == [("InsecureDelegation", where)]
    assert CHILD in fleet.look(parent=("signed", "DS"))
    assert fleet.told == []
    assert CHILD in fleet.look(child=("signed by another", "none"))
    assert fleet.told == [("BogusDelegation", where)]
    served = fleet.assembler.zones["b.a."]
    assert served.zone is not None
    assert served.zone.signed
    fleet.assembler.remove(PARENT)
    fleet.assembler.assemble()
    assert fleet.told == []
