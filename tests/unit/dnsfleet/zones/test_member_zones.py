"""The Zones of members of catalogs: how they are made, and known again."""

from typing import Any

import pytest
from dnsfleet.resources import Reference, Zone, parse
from dnsfleet.zones import member_zones
from dnsfleet.zones.consumed_catalogs import Listed
from dnsfleet.zones.member_zones import Membership

PRIMARIES = [{"address": "192.0.2.1", "port": 53}]
OTHERS = [{"address": "192.0.2.2", "port": 5353}]


def catalog(template: dict[str, Any] | None = None, **more: Any) -> Zone:
    asked = {**more, **({} if template is None else {"zoneTemplate": template})}
    transfer = {"primaries": PRIMARIES, "tsigKey": {"name": "k"}, "catalog": asked}
    spec = {"origin": "catalog.example", "source": {"transfer": transfer}}
    return read({"metadata": {"name": "list", "namespace": "dns"}, "spec": spec})


def read(found: dict[str, Any]) -> Zone:
    resource, violations = parse(
        {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Zone", **found}, "a test"
    )
    assert isinstance(resource, Zone), violations
    return resource


def test_a_zone_comes_from_the_primaries_of_its_catalog() -> None:
    made = member_zones.wanted(catalog(), "a.example.", Listed("m1", "g"))
    assert made["metadata"] == {
        "name": "a.example",
        "namespace": "dns",
        "labels": {"dnsfleet.io/catalog": "list"},
        "annotations": {
            "dnsfleet.io/catalog-member": "m1.zones.catalog.example.",
            "dnsfleet.io/catalog-uid": "",
        },
    }
    transfer = {"primaries": PRIMARIES, "tsigKey": {"name": "k"}}
    assert made["spec"] == {"origin": "a.example", "source": {"transfer": transfer}}


def test_a_template_says_the_rest() -> None:
    placement = {"popSelector": {"matchLabels": {"region": "eu"}}}
    source = {"transfer": {"primaries": OTHERS, "tsigKey": {"name": "other"}}}
    template = {
        "metadata": {"labels": {"team": "a", "dnsfleet.io/catalog": "forged"}},
        "spec": {"placement": placement, "source": source},
    }
    made = member_zones.wanted(catalog(template), "a.example.", Listed("m1"))
    assert made["metadata"]["labels"] == {"team": "a", "dnsfleet.io/catalog": "list"}
    assert made["spec"] == {"origin": "a.example", "source": source, "placement": placement}


@pytest.mark.parametrize(
    ("group", "labels"),
    [
        ("signed", {"kind": "signed"}),
        ("", {"kind": ""}),
        ("two words", {"kind": ""}),
        ("x" * 64, {"kind": ""}),
        ("-", {"kind": ""}),
    ],
)
def test_a_group_is_a_label_where_it_can_be_one(group: str, labels: dict[str, str]) -> None:
    made = member_zones.wanted(catalog(groupLabel="kind"), "a.example.", Listed("m1", group))
    assert made["metadata"]["labels"] == {**labels, "dnsfleet.io/catalog": "list"}


@pytest.mark.parametrize(("template", "value"), [({}, ""), ({"kind": "plain"}, "plain")])
def test_the_label_of_a_group_goes_with_it(template: dict[str, str], value: str) -> None:
    listing = catalog({"metadata": {"labels": template}}, groupLabel="kind")
    made = member_zones.wanted(listing, "a.example.", Listed("m1", "signed"))
    asked = member_zones.wanted(listing, "a.example.", Listed("m1"))
    assert not member_zones.is_as(read(made), asked)
    assert member_zones.changed(made, asked)["metadata"]["labels"]["kind"] == value


@pytest.mark.parametrize("origin", ["a.example.", "_a.example.", r"a\032b.example.", ".", "*.a."])
def test_what_was_made_is_known_again(origin: str) -> None:
    made = member_zones.wanted(catalog(), origin, Listed("m1"))
    zone = read(made)
    assert zone.origin == origin
    assert zone.reference == member_zones.reference_of(catalog().reference, origin)
    node = "m1.zones.catalog.example."
    found = member_zones.membership(zone)
    assert found == Membership(Reference("Zone", "dns", "list"), origin, node, uid="")
    assert member_zones.is_of(found, catalog())
    assert member_zones.is_as(zone, made)


def test_a_field_with_its_default_is_not_one_that_is_left_out() -> None:
    made = member_zones.wanted(catalog(), "a.example.", Listed("m1"))
    everywhere = {**made, "spec": {**made["spec"], "placement": {}}}  # whatever a ZoneClass says
    assert not member_zones.is_as(read(everywhere), made)
    assert not member_zones.is_as(read(made), everywhere)


def test_origins_that_look_alike_have_different_names() -> None:
    names = {member_zones.name_of(each) for each in ("a.example.", "_a.example.", "*.a.example.")}
    assert len(names) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"name": "mine"},
        {"labels": {}},
        {"annotations": {}},
    ],
)
def test_what_somebody_else_made_is_not(change: dict[str, Any]) -> None:
    made = member_zones.wanted(catalog(), "a.example.", Listed("m1"))
    zone = read({**made, "metadata": {**made["metadata"], **change}})
    assert member_zones.membership(zone) is None


def test_a_catalog_of_another_origin_with_the_same_name_is_another_one() -> None:
    made = read(member_zones.wanted(catalog(), "a.example.", Listed("m1")))
    membership = member_zones.membership(made)
    assert membership is not None
    other = catalog().model_dump(mode="json", exclude_unset=True)
    other["spec"]["origin"] = "another.example"
    assert not member_zones.is_of(membership, read(other))


def test_what_others_added_to_the_metadata_stays() -> None:
    made = member_zones.wanted(catalog(), "a.example.", Listed("m1"))
    metadata = {
        **made["metadata"],
        "uid": "1",
        "labels": {"mine": "too", "dnsfleet.io/catalog": "list"},
    }
    found = {**made, "metadata": metadata}
    assert member_zones.is_as(read(found), made)
    asked = member_zones.wanted(catalog(), "a.example.", Listed("m2"))
    assert not member_zones.is_as(read(found), asked)
    changed = member_zones.changed(found, asked)
    assert changed["metadata"]["uid"] == "1"
    assert changed["metadata"]["labels"] == metadata["labels"]
    assert member_zones.is_as(read(changed), asked)
