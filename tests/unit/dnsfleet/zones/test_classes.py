"""Which class a Zone is of, what it gets by that, and what of it is refused."""

import pytest
from dnsfleet import resources
from dnsfleet.resources import Reference, ZoneClass
from dnsfleet.resources.zone_classes import Quota
from dnsfleet.zones import building, class_rules, classes
from dnsfleet.zones.class_rules import NOTHING, Demand, Use
from dnsfleet.zones.classes import Classes
from dnsfleet.zones.ownership import Age
from support import yaml_resources
from support.yaml_resources import zone_class

LABELS = {"shop": {"dns": "yes"}, "web": {}}
RULES = [
    # classes, namespace of a Zone for a.example.com, its class once served, whether it is refused
    ([], "web", None, False),
    ([("x", "{suffixes: [example.org]}")], "web", None, False),
    ([("x", "{suffixes: [.]}")], "web", "x", False),
    ([("x", "{suffixes: [Example.COM.]}")], "web", "x", False),
    ([("x", "{suffixes: [b.a.example.com]}")], "web", None, False),
    ([("x", "{suffixes: [example.com], namespaces: {names: [web]}}")], "web", "x", False),
    ([("x", "{suffixes: [example.com], namespaces: {names: [web]}}")], "shop", "x", True),
    (
        [("x", "{suffixes: [com], namespaces: {selector: {matchLabels: {dns: 'yes'}}}}")],
        "shop",
        "x",
        False,
    ),
    (
        [("x", "{suffixes: [com], namespaces: {selector: {matchLabels: {dns: 'yes'}}}}")],
        "web",
        "x",
        True,
    ),
    # The longest suffix decides alone.
    (
        [
            ("all", "{suffixes: [.]}"),
            ("x", "{suffixes: [example.com], namespaces: {names: [shop]}}"),
        ],
        "web",
        "x",
        True,
    ),
    # Of one suffix, the first by name that takes the namespace.
    (
        [
            ("z", "{suffixes: [com]}"),
            ("y", "{suffixes: [com]}"),
            ("a", "{suffixes: [com], namespaces: {names: [shop]}}"),
        ],
        "web",
        "y",
        False,
    ),
]


def all_of(*given: tuple[str, str]) -> Classes:
    found = Classes()
    for name, spec in given:
        found.put(zone_class(spec, name))
    return found


@pytest.mark.parametrize(("given", "namespace", "name", "refused"), RULES)
def test_the_longest_suffix_decides(
    given: list[tuple[str, str]], namespace: str, name: str | None, refused: bool
) -> None:
    zone = yaml_resources.zone("{origin: a.example.com}", namespace=namespace)
    found = all_of(*given)
    own = found.of(zone, LABELS)
    assert (None if own is None else own.metadata.name) == name
    assert (found.refusal(zone, LABELS) is not None) == refused


def test_a_class_that_changes_or_goes_says_where_that_matters() -> None:
    found = Classes()
    assert found.put(zone_class("{suffixes: [a.test, b.test]}")) == {"a.test.", "b.test."}
    assert found.put(zone_class("{suffixes: [b.test, c.test]}")) == {
        *("a.test.", "b.test.", "c.test.")
    }
    assert found.put(zone_class("{suffixes: [b.test, c.test]}")) == set()  # as before
    assert found.remove("teams") == {"b.test.", "c.test."}
    assert found.remove("teams") == set()
    assert list(found) == []


DEFAULTS = """
suffixes: [example.com]
defaults:
  ttl: 60
  nameServers: [ns1.example.net]
  soa: {minimum: 30}
  popSelector: {matchLabels: {tier: a}}
"""


def raw_zone(spec: str) -> resources.Zone:
    found = {"origin": "example.com"} | yaml_resources.fields(spec)
    return yaml_resources.zone().model_validate(
        {"metadata": {"name": "z"}, "spec": found}  # without the name servers of `zone()`
    )


def test_what_a_zone_does_not_say_its_class_gives() -> None:
    own = zone_class(DEFAULTS)
    zone = raw_zone("{records: [{name: w, type: A, data: [192.0.2.1]}]}")
    built, violations = building.from_resources(classes.applied(zone, own), [], None)
    assert violations == []
    assert built is not None
    assert built.get("w.example.com.", "A") == (60, ["192.0.2.1"])
    assert built.get("example.com.", "NS") == (60, ["ns1.example.net."])
    assert str(built.get("example.com.", "SOA")).endswith(" 30'])")
    assert classes.shown(zone, own) == {
        "name": "teams",
        "ttl": 60,
        "nameServers": ["ns1.example.net"],
        "soa": {"refresh": 7200, "retry": 900, "expire": 1209600, "minimum": 30},
        "popSelector": {"matchLabels": {"tier": "a"}},
    }


def test_what_a_zone_says_itself_stays() -> None:
    own = zone_class(DEFAULTS)
    zone = raw_zone("{ttl: 300, nameServers: [ns.x.test], soa: {}, placement: {}}")
    assert classes.applied(zone, own) is zone
    assert classes.shown(zone, own) == {"name": "teams"}


def test_a_zone_file_has_its_own_apex() -> None:
    given = classes.given(raw_zone("{zoneFile: {path: z}}"), zone_class(DEFAULTS))
    assert given.keys() == {"ttl", "pop_selector"}


@pytest.mark.parametrize(("bounds", "ttl"), [("{minimum: 600}", 600), ("{maximum: 60}", 60)])
def test_the_usual_ttl_is_brought_within_the_bounds(bounds: str, ttl: int) -> None:
    own = zone_class(f"{{suffixes: [com], ttl: {bounds}}}")
    assert classes.given(raw_zone("{nameServers: [ns.x.test]}"), own) == {"ttl": ttl}


def test_without_name_servers_and_without_a_class_that_gives_some() -> None:
    built, violations = building.from_resources(raw_zone(""), [], None)
    assert built is None
    (violation,) = violations
    assert (violation.reason, violation.where) == (
        *("NoNameServers", "Zone default/z: spec.nameServers"),
    )


def nothing(name: str, rtype: str) -> None:
    """What an object has published that is new."""


STRICT = "{suffixes: [example.com], types: [A, TXT], ttl: {minimum: 60, maximum: 600}}"
RECORDS = """
records:
  - {name: a, type: A, data: [192.0.2.1]}
  - {name: b, type: MX, data: [1 a]}
  - {name: c, type: TYPE16, ttl: 3600, data: [x]}
"""


def test_types_and_ttls_of_what_is_published_are_only_told_of() -> None:
    zone = yaml_resources.zone(RECORDS)
    contents, own = class_rules.of_zone(zone, None), zone_class(STRICT)
    live, _ = building.from_resources(zone, [], None)
    assert live is not None
    faults = class_rules.against(contents, own)
    new = class_rules.judge(faults, nothing)
    assert [(each.where, each.severity) for each in new] == [
        ("Zone default/example-com: spec.records[1]", "error"),
        ("Zone default/example-com: spec.records[2]", "error"),
    ]
    old = class_rules.judge(faults, live.get)
    assert [each.severity for each in old] == ["warning", "warning"]
    slower = yaml_resources.zone(RECORDS.replace("3600", "7200"))
    faults = class_rules.against(class_rules.of_zone(slower, None), own)
    changed = class_rules.judge(faults, live.get)
    assert [(each.where[-10:], each.severity) for each in changed] == [
        ("records[2]", "error"),
        ("records[1]", "warning"),
    ]


def test_a_zone_file_is_judged_like_records() -> None:
    zone = yaml_resources.zone("{zoneFile: {inline: x}}")
    text = b"$TTL 300\n@ SOA ns h 1 1 1 1 1\n@ NS ns\nns A 192.0.2.1\nm 5 MX 1 ns\nm 5 MX 2 ns\n"
    base, _, _ = building.from_zone_file(raw_zone("{zoneFile: {path: x}}"), text, "x")
    contents = class_rules.of_zone(zone, base)
    assert [(each.name, each.rtype) for each in contents] == [
        ("m.example.com.", "MX"),
        ("ns.example.com.", "A"),
    ]
    (found,) = class_rules.judge(class_rules.against(contents, zone_class(STRICT)), nothing)
    assert found.where == "Zone default/example-com: spec.zoneFile"


def test_an_object_beyond_the_quota_that_adds_nothing_is_only_told_of() -> None:
    exceeded = class_rules.Exceeded("teams", "rrsets", 2)
    where = yaml_resources.zone(RECORDS).reference
    old = class_rules.over_quota(where, exceeded, adds=False)
    assert (old.reason, old.severity) == ("QuotaExceeded", "warning")
    assert class_rules.over_quota(where, exceeded, adds=True).severity == "error"


AAAA = "records: [{name: a, type: AAAA, data: ['%s']}]"


@pytest.mark.parametrize(
    ("served", "asked", "adds"),
    [
        (RECORDS, RECORDS, False),
        (RECORDS, RECORDS.replace("192.0.2.1", "192.0.2.1, 192.0.2.2"), True),
        (RECORDS, RECORDS.replace("192.0.2.1", "192.0.2.7"), True),
        (RECORDS.replace("192.0.2.1", "192.0.2.1, 192.0.2.2"), RECORDS, False),
        (AAAA % "2001:db8::1", AAAA % "2001:0db8:0000:0000:0000:0000:0000:0001", False),
    ],
)
def test_data_is_compared_as_a_zone_has_it(served: str, asked: str, adds: bool) -> None:
    zone = yaml_resources.zone(asked)
    live, _ = building.from_resources(yaml_resources.zone(served), [], None)
    assert live is not None
    contents = class_rules.of_zone(zone, None)
    assert class_rules.adds(zone.origin, contents, None, live.get) == adds
    assert class_rules.adds(zone.origin, contents, None, nothing)


def test_the_oldest_go_first_and_one_that_does_not_fit_leaves_its_room() -> None:
    uses = [
        (
            Reference("RecordSet", "web", str(number)),
            Demand(Age(str(number), False, "", ""), Use(0, 1, size, 0), NOTHING),
        )
        for number, size in enumerate((3, 5, 4, 1))
    ]
    found = class_rules.beyond(reversed(uses), Quota(rrsets=7), "teams")
    assert {each.name: over.field for each, over in found.items()} == {"1": "rrsets", "3": "rrsets"}
    assert class_rules.beyond(uses, Quota(zones=0), "teams") == {}
    assert class_rules.beyond(uses, Quota(), "teams") == {}


FAULTS = [
    ("{suffixes: []}", "spec.suffixes"),
    ("{suffixes: [a..b]}", "spec.suffixes[0]"),
    ("{suffixes: [a], namespaces: {}}", "spec.namespaces"),
    ("{suffixes: [a], ttl: {minimum: 2, maximum: 1}}", "spec.ttl.minimum"),
    ("{suffixes: [a], ttl: {minimum: 9}, defaults: {ttl: 1}}", "spec.defaults.ttl"),
    ("{suffixes: [a], quota: {zones: -1}}", "spec.quota.zones"),
]


@pytest.mark.parametrize(("spec", "field"), FAULTS)
def test_faults_of_a_class(spec: str, field: str) -> None:
    raw = {
        "apiVersion": resources.API_VERSION,
        "kind": "ZoneClass",
        "metadata": {"name": "c"},
        "spec": yaml_resources.fields(spec),
    }
    found, violations = resources.parse(raw, "class")
    assert found is None
    assert [each.where for each in violations] == [f"class: {field}"]


def test_a_class_is_read_and_has_no_namespace() -> None:
    assert isinstance(zone_class(DEFAULTS), ZoneClass)
    assert str(zone_class(DEFAULTS).reference) == "ZoneClass teams"
