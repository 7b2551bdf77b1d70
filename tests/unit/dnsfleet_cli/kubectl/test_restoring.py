"""The objects that bring a removed zone back give what was served, in the form that it had."""

from typing import Any

import pytest
from dnsfleet.resources.documents import Document
from dnsfleet_cli import zone_shapes
from dnsfleet_cli.kubectl import restoring
from dnsfleet_cli.kubectl.restoring import Plan, There
from dnsfleet_cli.troubles import Trouble
from support.presigned_zones import signed_text
from support.removed_zones import A, Object, build, check, config_map, item, record_set, remove
from support.zones import hosts, make_zone

TEXT = '@ 60 SOA ns1 host 7 2 3 4 5\n@ 60 NS ns1\nns1 A 192.0.2.53\nwww TXT a "b c" ; said\n'
WWW = {"name": "www", "type": "A", "data": ["192.0.2.1", "192.0.2.2"]}
MX = {"name": "@", "type": "MX", "ttl": 77, "data": ["10 mail", "20 mail.example.net."]}
OPEN = {"recordSets": {"namespaces": {"from": "All"}, "merge": ["TXT"]}}
BASE = {"origin": "a.example", "nameServers": ["ns1.example.net", "ns2.example.net"], **OPEN}


def rules(*items: Object) -> list[Document]:
    return [each for each in map(restoring.document, items) if each is not None]


def kinds(plan: Plan) -> list[str]:
    return [f"{each['kind']} {each['metadata']['name']}" for each in plan.objects]


SOURCES: list[tuple[str, dict[str, Any]]] = [
    ("records", {"records": [WWW, MX]}),
    ("records", {"records": [WWW, MX], "ttl": 60, "soa": {"rname": "me.example.net"}}),
    ("records", {"records": []}),
    ("inline", {"zoneFile": {"inline": TEXT}}),
    ("inline", {"zoneFile": {"inline": "www 60 A 192.0.2.1\n"}, "soa": {"minimum": 5}}),
    ("configMaps", {"zoneFile": {"configMaps": [{"name": "file", "key": "zone"}]}}),
]


@pytest.mark.parametrize(("source", "spec"), SOURCES)
def test_a_zone_comes_back_in_the_field_that_had_its_records(
    source: str, spec: dict[str, Any]
) -> None:
    base = BASE if source == "records" or "soa" in spec else {"origin": "a.example"}
    zone = item("Zone", "a", base | spec)
    file = config_map("file", TEXT)
    removed, content = remove(zone, file)
    plan = restoring.plan(removed, content, There())
    assert plan.source == source
    assert kinds(plan) == (["ConfigMap file"] if source == "configMaps" else []) + ["Zone a"]
    made = plan.objects[-1]["spec"]
    for field in ("origin", "nameServers", "soa", "ttl", "recordSets"):
        assert made.get(field) == zone["spec"].get(field)
    check(plan, content)


def test_config_maps_that_are_there_are_read_again_where_they_say_what_was_served() -> None:
    keys = [{"name": "one", "key": "zone"}, {"name": "two", "key": "zone"}]
    zone = item("Zone", "a", {"origin": "a.example", "zoneFile": {"configMaps": keys}})
    one, two = config_map("one", TEXT), config_map("two", "mail A 192.0.2.9\n")
    removed, content = remove(zone, one, two)
    plan = restoring.plan(removed, content, There(config_maps={"one": one, "two": two}))
    assert kinds(plan) == ["Zone a"]
    assert plan.objects[-1]["spec"] == zone["spec"]

    for there in ({"one": one, "two": config_map("two", "")}, {"one": one}, {}):
        plan = restoring.plan(removed, content, There(config_maps=there))
        assert plan.source == "configMaps"
        named = plan.objects[-1]["spec"]["zoneFile"]["configMaps"]
        assert not {each["name"] for each in named} & {"one", "two"}, "these are somebody's"
        check(plan, content, list(there.values()))


def test_a_zone_from_an_address_comes_back_in_the_object() -> None:
    """What the address gives now, nobody knows on such a day."""
    content = build(item("Zone", "a", {"origin": "a.example", "zoneFile": {"inline": TEXT}}))
    url = {"url": "https://dns.example/a", "sha256": "0" * 64}
    zone = item("Zone", "a", {"origin": "a.example", "zoneFile": url})
    removed, content = remove(zone, content=content)
    plan = restoring.plan(removed, content, There())
    assert plan.source == "inline"
    check(plan, content)


def test_each_record_comes_back_as_whose_it_was() -> None:
    zone = item("Zone", "a", BASE | {"records": [MX]})
    web = record_set("web", WWW, {"name": "api", "type": "AAAA", "data": ["2001:db8::1"]})
    name = {"name": "_acme-challenge", "type": "TXT"}
    shared = [
        record_set("one", name | {"ttl": 60, "data": ["of one"]}),
        record_set("two", name | {"data": ["of two", "both"]}),
    ]
    removed, content = remove(zone, web, *shared)
    plan = restoring.plan(removed, content, There())
    assert kinds(plan) == ["RecordSet one", "RecordSet two", "RecordSet web", "Zone a"]
    assert [each["name"] for each in plan.objects[-1]["spec"]["records"]] == ["@"]
    assert plan.objects[0]["spec"]["records"][0]["data"] == ['"of one"']
    assert {each["metadata"].get("creationTimestamp") for each in plan.objects} == {None}
    check(plan, content)

    sets = {restoring.reference(each) for each in (web, *shared)}
    plan = restoring.plan(removed, content, There(record_sets=sets))
    assert kinds(plan) == ["Zone a"], "what is there is left as it is"
    check(plan, content, [web, *shared])


def test_a_dynamic_record_set_comes_back_with_the_age_of_each_rrset() -> None:
    zone = item("Zone", "a", BASE | {"records": [MX]})
    times = {"n0": "2026-03-01T00:00:00Z", "n1": "2026-02-01T00:00:00Z"}
    records = [
        {"name": f"n{number}", "type": "A", "ttl": 60, "data": ["192.0.2.1"], "since": times["n0"]}
        for number in range(150)
    ]
    records[1]["since"] = times["n1"]
    update = record_set("update", *records)
    update["spec"]["dynamicRecords"] = update["spec"].pop("records")
    removed, content = remove(zone, update)
    plan = restoring.plan(removed, content, There())
    assert kinds(plan) == ["RecordSet update", "Zone a"]
    assert plan.objects[0]["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "dnsfleet-gate"
    }
    made = plan.objects[0]["spec"]["dynamicRecords"]
    absolute = [each | {"name": f"{each['name']}.a.example."} for each in records]
    assert sorted(made, key=str) == sorted(absolute, key=str), "as a gate writes them"
    check(plan, content)


def test_a_consent_that_fits_no_more_costs_no_name() -> None:
    """The labels went with the namespace; the names are in the Zone itself then."""
    chosen = {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"dns": "yes"}}}}
    zone = item("Zone", "a", BASE | {"records": [MX], "recordSets": chosen})
    space = item("Namespace", "shop", {}, labels={"dns": "yes"})
    removed, content = remove(zone, record_set("web", WWW), space)
    plan = restoring.plan(removed, content, There(rules=rules(space)))
    assert kinds(plan) == ["RecordSet web", "Zone a"]
    plan = restoring.plan(removed, content, There(rules=rules(item("Namespace", "shop", {}))))
    assert kinds(plan) == ["Zone a"]
    assert plan.source == "inline"
    assert plan.objects[-1]["spec"]["recordSets"] == chosen
    check(plan, content)


def test_what_a_class_gave_is_given_by_it_again() -> None:
    zone_class = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "ZoneClass",
        "metadata": {"name": "example"},
        "spec": {
            "suffixes": ["example"],
            "defaults": {"ttl": 30, "nameServers": ["ns.class.example.net"]},
        },
    }
    zone = item("Zone", "a", {"origin": "a.example", "records": [WWW]})
    removed, content = remove(zone_class, zone)
    plan = restoring.plan(removed, content, There(rules=rules(zone_class)))
    assert plan.source == "records"
    assert "nameServers" not in plan.objects[-1]["spec"]
    check(plan, content, [zone_class])
    plan = restoring.plan(removed, content, There())
    assert plan.source == "inline", "without the class the zone has its name servers itself"
    check(plan, content)


def test_a_signed_zone_comes_back_as_it_was_signed() -> None:
    text = signed_text(make_zone(A, [("www", "A", "192.0.2.1")], serial=7))
    zone = item("Zone", "a", {"origin": "a.example", "zoneFile": {"inline": text}})
    removed, content = remove(zone)
    assert content.signed
    plan = restoring.plan(removed, content, There())
    built = build(*plan.objects)
    assert built.signed
    assert built.encode() == content.encode()


def test_more_records_than_a_zone_lists_come_back_as_a_zone_file() -> None:
    content = make_zone(A, hosts(600))
    removed, _ = remove(item("Zone", "a", BASE | {"records": [WWW]}), content=content)
    plan = restoring.plan(removed, content, There())
    assert plan.source == "inline"
    check(plan, content)


def test_what_no_objects_can_hold_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zone_shapes, "MAX_CONFIG_MAP", 200)
    content = make_zone(A, hosts(200))
    keys = [{"name": "one", "key": "zone"}]
    zone = item("Zone", "a", {"origin": "a.example", "zoneFile": {"configMaps": keys}})
    removed, _ = remove(zone, content=content)
    with pytest.raises(Trouble, match="`-o zone` prints that file"):
        restoring.plan(removed, content, There())


def test_a_zone_of_which_no_outline_was_noted_is_told() -> None:
    removed, content = remove(item("Zone", "a", BASE | {"records": [MX]}))
    removed = removed._replace(outline=None)
    with pytest.raises(Trouble, match=r"not known which Zone a\.example\. was"):
        restoring.plan(removed, content, There())


def test_the_annotations_of_dnsfleet_come_back() -> None:
    ignored = {"dnsfleet.io/ignore-checks": "RelativeTarget", "other.example/x": "y"}
    removed, content = remove(item("Zone", "a", BASE | {"records": [MX]}, annotations=ignored))
    plan = restoring.plan(removed, content, There())
    annotations = {"dnsfleet.io/ignore-checks": "RelativeTarget"}
    assert plan.objects[-1]["metadata"] == {
        "name": "a",
        "namespace": "dns",
        "annotations": annotations,
    }


def test_what_a_class_takes_no_more_costs_nobody_else_a_name() -> None:
    """It was served as it was there before the class; now it is new."""
    zone_class = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "ZoneClass",
        "metadata": {"name": "example"},
        "spec": {"suffixes": ["example"], "types": ["A", "AAAA", "MX"]},
    }
    text = {"name": "shop", "type": "TXT", "data": ["x"]}
    sets = [record_set("one", text), record_set("two", WWW)]
    removed, content = remove(item("Zone", "a", BASE | {"records": [MX]}), *sets)
    plan = restoring.plan(removed, content, There(rules=rules(zone_class)))
    assert kinds(plan) == ["RecordSet one", "RecordSet two", "Zone a"]
    lost = content.diff(build(zone_class, *plan.objects).with_serial(content.serial))
    assert (lost.removed, lost.added, lost.changed) == (1, 0, 0)
