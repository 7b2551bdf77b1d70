"""Which objects do not fit into the quota of their namespace, after any changes."""

from pathlib import Path

import pytest
from dnsfleet.resources import RecordSet, Reference, Resource, Zone
from dnsfleet.resources.documents import Document
from dnsfleet.resources.zone_classes import Quota
from dnsfleet.zones import class_rules
from dnsfleet.zones.class_rules import Demand, Use
from dnsfleet.zones.ownership import Age
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_engine import Zone as EngineZone
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.class_quotas import ClassQuotas, Entry, Group
from hypothesis import given
from hypothesis import strategies as st
from support import yaml_resources

NAMES = [Reference("RecordSet", "web", name) for name in "abcdef"]
GROUPS = [Group("one", "web"), Group("two", "web")]
SIZES = st.integers(0, 3)
# The group, when an object was made, and the RRsets that it asks for and has.
DEMANDS = st.tuples(st.sampled_from(GROUPS), st.sampled_from("123"), SIZES, SIZES)
CHANGES = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.none() | DEMANDS, min_size=1, max_size=3), max_size=8
)


def entry(reference: Reference, demand: tuple[Group, str, int, int], quota: Quota) -> Entry:
    group, created, asked, served = demand
    age = Age(created, False, reference.namespace, reference.name)
    return Entry(group, quota, Demand(age, Use(0, 1, asked, 0), Use(0, 1, served, 0)))


@given(CHANGES, st.integers(0, 9), st.integers(0, 4))
def test_what_changes_give_is_what_one_count_gives(
    changes: list[dict[Reference, tuple[Group, str, int, int] | None]],
    rrsets: int,
    record_sets: int,
) -> None:
    quota = Quota.model_validate({"rrsets": rrsets, "recordSets": record_sets})
    there: dict[Reference, Entry] = {}
    quotas = ClassQuotas(there.get)
    for change in changes:
        for reference, now in change.items():
            there.pop(reference, None)
            if now is not None:
                there[reference] = entry(reference, now, quota)
        before = dict(quotas.over)
        quotas.changed(change)
        told = quotas.settle()
        once: dict[Reference, class_rules.Exceeded] = {}
        for group in GROUPS:
            own = [(r, each.demand) for r, each in there.items() if each.group == group]
            once |= class_rules.beyond(own, quota, group.zone_class)
        assert quotas.over == once
        assert told == {r for r in NAMES if before.get(r) != once.get(r)}
    quotas.changed(there)
    there.clear()
    quotas.settle()
    assert not quotas.over
    assert not quotas._entries
    assert not quotas._groups


class Fleet:
    """An assembler, and what of it is published."""

    def __init__(self, root: Path, quota: str) -> None:
        self._root = root
        self._live: dict[str, EngineZone] = {}
        self._paths = ZonePaths()
        self.assembler = Assembler(self._paths, live=self._live.get)
        self.put(yaml_resources.zone_class(f"{{suffixes: [.], types: [A], quota: {quota}}}"))

    def put(self, *resources: Resource) -> None:
        for each in resources:
            path = str(self._root / "manifest")
            self.assembler.put(Document(each.kind, each, path, 1, {}))

    def refused(self, *resources: Resource) -> set[str]:
        """The names of what is refused once these are there, until nothing more comes of it."""
        self.put(*resources)
        while True:
            for each in self.assembler.assemble().zones:
                if each.zone is not None:
                    self._live[each.origin] = each.zone
            if not self.assembler.marks:
                break
        found = self.assembler.violations()
        return {
            each.where.split(":")[0].split("/")[-1] for each in found if each.severity == "error"
        }

    def served(self) -> int:
        """How many A records example.com has."""
        return self._live["example.com."].to_text().count(" A ")


def record_set(name: str, count: int, rtype: str = "A", created: str = "") -> RecordSet:
    data = "192.0.2.1" if rtype == "A" else "x"
    records = [f"{{name: {name}{n}, type: {rtype}, data: [{data}]}}" for n in range(count)]
    text = f"[{', '.join(records)}]"
    return yaml_resources.record_set(text, name, creationTimestamp=created or f"2026-01-0{name[1]}")


@pytest.mark.parametrize("refused", [record_set("n1", 9), record_set("n1", 1, "TXT")])
def test_what_is_served_of_a_refused_version_takes_its_room(
    tmp_path: Path, refused: RecordSet
) -> None:
    fleet = Fleet(tmp_path, "{rrsets: 5}")
    assert fleet.refused(yaml_resources.zone(), record_set("n1", 4)) == set()
    assert fleet.refused(refused) == {"n1"}
    assert fleet.refused(record_set("n2", 2)) == {"n1", "n2"}
    assert fleet.served() == 4
    assert fleet.refused(record_set("n1", 3)) == set()
    assert fleet.served() == 5


def test_a_zone_file_that_cannot_be_read_keeps_its_room(tmp_path: Path) -> None:
    head = "@ 300 SOA ns.x. h.x. 1 1 1 1 300\n@ 300 NS ns.x.\n"
    path = tmp_path / "z.zone"
    path.write_text(head + "".join(f"h{n} 300 A 192.0.2.1\n" for n in range(4)))
    spec = {"origin": "example.com", "zoneFile": {"path": str(path)}}
    metadata = {"name": "example-com", "namespace": "default"}
    zone = Zone.model_validate({"metadata": metadata, "spec": spec})
    fleet = Fleet(tmp_path, "{rrsets: 5}")
    assert fleet.refused(zone) == set()
    path.write_text(head + "h 300 A nothing\n")
    fleet.assembler.read_again(zone.reference)
    assert fleet.refused(record_set("n2", 2)) >= {"n2"}
    assert fleet.served() == 4


def test_what_is_served_of_a_refused_zone_takes_its_room(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, "{rrsets: 5}")
    hosts = ", ".join(f"{{name: h{n}, type: A, data: [192.0.2.1]}}" for n in range(4))
    assert fleet.refused(yaml_resources.zone(f"records: [{hosts}]")) == set()
    text = "records: [{name: t, type: TXT, data: [x]}]"
    assert fleet.refused(yaml_resources.zone(text)) == {"example-com"}
    assert fleet.refused(record_set("n2", 2)) == {"example-com", "n2"}
    assert fleet.served() == 4
