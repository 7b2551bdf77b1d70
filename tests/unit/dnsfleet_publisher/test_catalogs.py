"""What catalogs list, as documents and publications come and go in any order."""

from typing import Any

import pytest
from dnsfleet import resources
from dnsfleet.resources import Reference, parse
from dnsfleet.resources.documents import Document
from dnsfleet.zones import catalogs
from dnsfleet.zones.catalogs import Member
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_engine import Zone
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.catalogs import PublishedZones
from dnsfleet_publisher.store_errors import StoreError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

CATALOG = "catalog.example."
NAMES = ("a", "b", "c")


def document(kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> Document:
    metadata = {"name": name} | metadata
    item = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }
    resource, found = parse(item, "")
    assert resource is not None, found
    return Document(kind, resource, "", 0, {})


def zone(name: str, uid: str = "", namespace: str = "dns", **labels: str) -> Document:
    spec = {"origin": f"{name}.example", "nameServers": ["ns1.example.net"], "records": []}
    return document("Zone", name, spec, namespace=namespace, labels=labels, uid=uid)


def catalog(name: str = "catalog", **asked: Any) -> Document:
    spec = {"origin": f"{name}.example", "source": {"catalog": asked}}
    return document("Zone", name, spec, namespace="dns")


class Fleet:
    """An assembler, and a core that has what was published."""

    def __init__(self) -> None:
        self.assembler = Assembler(ZonePaths())
        self.content: dict[str, Zone] = {}
        self.revision = 0

    def open(self) -> None:
        revisions = dict.fromkeys(self.content, "before")
        self.assembler.catalogs.open(PublishedZones(revisions, self.content.get))

    def publish(self) -> None:
        """Assemble and publish until there is nothing to do; what is equal is not published."""
        while zones := self.assembler.assemble().zones:
            for each in zones:
                before = self.content.get(each.origin)
                same = before and each.zone and before.encode() == each.zone.encode()
                if each.zone is not None and not same:
                    self.content[each.origin] = each.zone
                    self.revision += 1
                    self.assembler.catalogs.published(each.origin, str(self.revision))

    def remove(self, origin: str) -> None:
        """Remove what is published."""
        self.content.pop(origin, None)
        self.assembler.catalogs.published(origin, None)

    def put(self, *found: Document) -> None:
        for each in found:
            self.assembler.put(each)
        self.publish()

    def listed(self, origin: str = CATALOG) -> dict[str, Member]:
        return catalogs.members(self.content[origin])


@pytest.fixture
def fleet() -> Fleet:
    found = Fleet()
    found.open()
    return found


def test_a_catalog_lists_what_is_published_and_selected(fleet: Fleet) -> None:
    fleet.put(catalog(zoneSelector={"matchLabels": {"out": "yes"}}), zone("a", out="yes"))
    fleet.put(zone("b"), zone("c", out="yes"), zone("other", namespace="web", out="yes"))
    assert fleet.listed().keys() == {"a.example.", "c.example."}
    fleet.put(zone("b", out="yes"), zone("c"))
    assert fleet.listed().keys() == {"a.example.", "b.example."}


def test_a_catalog_lists_no_catalog(fleet: Fleet) -> None:
    fleet.put(catalog(), catalog("more"), zone("a"))
    assert fleet.listed().keys() == fleet.listed("more.example.").keys() == {"a.example."}


def test_a_member_stays_until_its_zone_is_removed_from_the_core(fleet: Fleet) -> None:
    fleet.put(catalog(), zone("a"), zone("b"))
    before = fleet.listed()
    fleet.assembler.remove(Reference("Zone", "dns", "a"))
    fleet.publish()
    assert fleet.listed() == before
    fleet.remove("a.example.")
    fleet.publish()
    assert fleet.listed().keys() == {"b.example."}


def test_a_zone_that_is_made_anew_has_another_label(fleet: Fleet) -> None:
    fleet.put(catalog(), zone("a", uid="1"), zone("b"))
    before = fleet.listed()
    fleet.remove("a.example.")
    fleet.remove("b.example.")
    fleet.assembler.remove(Reference("Zone", "dns", "a"))
    fleet.assembler.remove(Reference("Zone", "dns", "b"))
    fleet.publish()
    fleet.put(zone("a", uid="2"), zone("b"))
    after = fleet.listed()
    assert after.keys() == before.keys()
    assert all(after[each].label != before[each].label for each in after)


def test_an_object_that_is_replaced_while_its_zone_is_served_keeps_the_label(fleet: Fleet) -> None:
    fleet.put(catalog(), zone("a", uid="1"))
    before = fleet.listed()
    fleet.assembler.remove(Reference("Zone", "dns", "a"))
    fleet.put(zone("a", uid="2"))
    assert fleet.listed() == before


def test_another_writer_goes_on_with_the_same_labels(fleet: Fleet) -> None:
    fleet.put(catalog(groupLabel="team"), zone("a", team="web"), zone("b"), zone("gone"))
    before = fleet.listed()
    assert before["a.example."].group == "web"
    new = Fleet()
    new.content = dict(fleet.content)
    new.put(catalog(groupLabel="team"), zone("a", team="web"), zone("b"))
    new.open()
    new.publish()
    assert new.listed() == before


def test_nothing_is_made_of_a_catalog_before_it_is_known_what_is_published() -> None:
    fleet = Fleet()
    fleet.put(catalog(), zone("a"))
    assert CATALOG not in fleet.content
    assert fleet.assembler.catalogs.waiting
    fleet.open()
    fleet.publish()
    assert fleet.listed().keys() == {"a.example."}


def test_a_core_that_does_not_answer_is_asked_again() -> None:
    fleet = Fleet()

    def fail(_origin: str) -> Zone | None:
        raise StoreError("away")

    fleet.assembler.catalogs.open(PublishedZones({}, fail))
    fleet.assembler.put(catalog())
    (found,) = fleet.assembler.assemble().zones
    assert found.zone is None
    assert found.again is not None
    assert found.violations == ()


def test_zones_of_others_are_listed_where_a_class_says_so(fleet: Fleet) -> None:
    fleet.put(catalog(**{"from": "All"}), zone("a"), zone("b", namespace="web"))
    assert CATALOG not in fleet.content
    told = fleet.assembler.violations_of(Reference("Zone", "dns", "catalog"))
    assert [each.reason for each in told] == ["NotAllowedByClass"]
    allowed = {"suffixes": ["catalog.example"], "types": ["A"], "catalogs": {"from": "All"}}
    fleet.put(document("ZoneClass", "lists", allowed))
    assert fleet.listed().keys() == {"a.example.", "b.example."}
    assert fleet.assembler.violations() == []
    # What is served goes on, and no zone is added or taken away until that is mended.
    fleet.put(document("ZoneClass", "lists", allowed | {"catalogs": {}}), zone("c"))
    assert fleet.listed().keys() == {"a.example.", "b.example."}
    fleet.put(document("ZoneClass", "lists", allowed))
    assert fleet.listed().keys() == {"a.example.", "b.example.", "c.example."}


def test_record_sets_add_nothing_to_a_catalog(fleet: Fleet) -> None:
    records = [{"name": "x.zones", "type": "PTR", "data": ["stolen.example."]}]
    spec = {"zoneRef": {"name": "catalog"}, "records": records}
    fleet.put(catalog(), zone("a"), document("RecordSet", "more", spec, namespace="dns"))
    assert fleet.listed().keys() == {"a.example."}
    told = fleet.assembler.violations_of(Reference("RecordSet", "dns", "more"))
    assert [each.reason for each in told] == ["CatalogZone"]


def test_a_change_costs_its_members_and_not_the_catalog(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.put(catalog(groupLabel="team"), *(zone(f"z{number}") for number in range(500)))
    sizes: list[int] = []
    build = catalogs.build

    def counted(asked: resources.Zone, members: catalogs.Members) -> Zone:
        sizes.append(len(members))
        return build(asked, members)

    monkeypatch.setattr(catalogs, "build", counted)
    fleet.put(zone("a"))
    fleet.put(zone("z7", team="web"))
    fleet.remove("z9.example.")
    fleet.assembler.remove(Reference("Zone", "dns", "z9"))
    fleet.publish()
    assert len(fleet.listed()) == 500
    assert sum(sizes) == 4
    assert fleet.listed()["z7.example."].group == "web"


@settings(max_examples=200, stateful_step_count=30, deadline=None)
class AnyOrder(RuleBasedStateMachine):
    """Whatever happens, a catalog is what one look at everything gives."""

    @initialize()
    def begin(self) -> None:
        self.fleet = Fleet()
        self.fleet.open()
        self.labels: dict[str, str] = {}

    @rule(name=st.sampled_from(NAMES), out=st.sampled_from(["yes", "no"]))
    def apply(self, name: str, out: str) -> None:
        self.fleet.assembler.put(zone(name, out=out))

    @rule(name=st.sampled_from(NAMES))
    def delete(self, name: str) -> None:
        self.fleet.assembler.remove(Reference("Zone", "dns", name))

    @rule(name=st.sampled_from(NAMES))
    def unpublish(self, name: str) -> None:
        if self.fleet.assembler.owners.owner(f"{name}.example.") is None:
            self.fleet.remove(f"{name}.example.")
            self.labels.pop(f"{name}.example.", None)

    @rule(out=st.sampled_from([None, "yes", "no"]))
    def ask(self, out: str | None) -> None:
        asked = {} if out is None else {"zoneSelector": {"matchLabels": {"out": out}}}
        self.fleet.assembler.put(catalog(**asked))

    @rule()
    def another_writer(self) -> None:
        self.fleet.publish()
        self.fleet.open()

    @rule()
    def publish(self) -> None:
        self.fleet.publish()
        assert [each for each in self.fleet.assembler.catalogs.differences() if each] == []
        built = self.fleet.assembler.zones.get(CATALOG)
        if built is None:
            return
        assert built.resource.spec.source is not None
        selector = built.resource.spec.source.catalog.zone_selector
        listed = self.fleet.listed()
        for origin in self.fleet.content.keys() - {CATALOG}:
            owner = self.fleet.assembler.owners.owner(origin)
            if owner is not None:
                assert (origin in listed) == selector.matches(owner.metadata.labels)
        assert listed.keys() <= self.fleet.content.keys()

    @invariant()
    def labels_stay(self) -> None:
        if CATALOG in self.fleet.content:
            there = self.fleet.content  # what was removed is listed until the next publication
            listed = self.fleet.listed().items()
            found = {each: about.label for each, about in listed if each in there}
            both = found.keys() & self.labels.keys()
            assert all(found[each] == self.labels[each] for each in both)
            self.labels = found


TestAnyOrder = AnyOrder.TestCase
