"""Random objects of a cluster that depend on each other in every way."""

from collections.abc import Mapping
from typing import Any

from dnsfleet_operator.objects import Object
from hypothesis import strategies as st

from support.zone_writers import item

NAMESPACES = ("dns", "shop")
ORIGINS = ("example", "a.example", "b.a.example", "test")
FROM: tuple[dict[str, Any], ...] = (
    {},
    {"namespaces": {"from": "All"}},
    {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"dns": "yes"}}}},
)
CONSENTS = (
    *FROM,
    {"namespaces": {"from": "All"}, "types": ["A", "TXT", "NS", "DNAME"]},
    {"namespaces": {"from": "All"}, "types": ["*"], "names": ["*", "www"]},
)
"""The last one names an owner that may be cut out of the zone."""
MANY = [{"name": f"m{number}", "type": "A", "data": ["192.0.2.1"]} for number in range(11)]
"""More than may be removed without a question."""
FILE = "@ SOA ns.test. h.test. 1 2 3 4 5\n@ NS ns.test.\n"
TIMES = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
NAMES = st.tuples(st.sampled_from(NAMESPACES), st.sampled_from(["x", "y"]))


@st.composite
def zones(draw: st.DrawFn) -> Object:
    namespace, name = draw(NAMES)
    records = [
        {"name": owner, "type": "A", "data": [data]}
        for owner, data in draw(
            st.dictionaries(
                st.sampled_from(["www", "mail", "h0"]),
                st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2"]),
            )
        ).items()
    ]
    spec: dict[str, Any] = {
        "origin": draw(st.sampled_from(ORIGINS)),
        "nameServers": ["ns1.example.net"],
        "recordSets": draw(st.sampled_from(CONSENTS)),
        "nestedZones": draw(st.sampled_from(FROM)),
    }
    match draw(st.sampled_from(["records", "records", "many", "file", "future", "catalog"])):
        case "many":
            spec["records"] = [*records, *MANY]
        case "file":
            spec["zoneFile"] = {"configMaps": [{"name": "file", "key": "zone"}]}
        case "future":
            spec["fromAFutureVersion"] = True
        case "catalog":
            asked = draw(st.sampled_from([{}, {"from": "All"}]))
            spec = {"origin": spec["origin"], "source": {"catalog": asked}}
        case _:
            spec["records"] = records
    if "source" not in spec and draw(st.booleans()):
        spec["placement"] = {"popSelector": {"matchLabels": {"region": "eu"}}}
    created = draw(st.sampled_from(TIMES))
    return item("Zone", name, spec, namespace=namespace, creationTimestamp=created)


@st.composite
def record_sets(draw: st.DrawFn) -> Object:
    namespace, name = draw(NAMES)
    of, zone = draw(NAMES)
    owner = draw(st.sampled_from(["www", "mail", "h0", "new", "ns.www", "a"]))
    records = draw(
        st.sampled_from(
            [
                [{"name": owner, "type": "A", "data": ["192.0.2.8"]}],
                [{"name": owner, "type": "A", "data": ["192.0.2.9"]}],
                [{"name": owner, "type": "TXT", "data": ["hello"]}],
                [{"name": owner, "type": "CNAME", "data": ["elsewhere"]}],
                [{"name": owner, "type": "A", "data": ["192.0.2"]}],
                [{"name": owner, "type": "DNAME", "data": ["test."]}],
                [
                    {"name": owner, "type": "NS", "data": ["ns.www"]},
                    {"name": "ns.www", "type": "A", "data": ["192.0.2.7"]},
                ],
                MANY,
            ]
        )
    )
    spec: dict[str, Any] = {"zoneRef": {"name": zone, "namespace": of}, "records": records}
    if draw(st.booleans()):
        kept = spec.pop("records")[: draw(st.integers(0, len(records)))]
        spec["dynamicRecords"] = [
            {"ttl": 60, **each, "since": draw(st.sampled_from(TIMES))} for each in kept
        ]
    if draw(st.integers(0, 5)) == 0:
        spec["fromAFutureVersion"] = True
    created = draw(st.sampled_from(TIMES))
    return item("RecordSet", name, spec, namespace=namespace, creationTimestamp=created)


def config_map(namespace: str, text: str) -> Object:
    made = item("ConfigMap", "file", {}, namespace=namespace)
    return made | {"apiVersion": "v1", "data": {"zone": text}}


def namespace(name: str, labels: Mapping[str, str]) -> Object:
    made = item("Namespace", name, {}, labels=labels)
    del made["metadata"]["namespace"]
    return {key: value for key, value in made.items() if key != "spec"} | {"apiVersion": "v1"}


def pop(name: str, region: str) -> Object:
    made = item("Pop", name, {}, labels={"region": region})
    del made["metadata"]["namespace"]
    return made


def zone_class(name: str, suffixes: list[str], **spec: Any) -> Object:
    made = item("ZoneClass", name, {"suffixes": suffixes, **spec})
    del made["metadata"]["namespace"]
    return made


CLASSES: list[dict[str, Any]] = [
    {},
    {"namespaces": {"names": ["dns"]}},
    {"namespaces": {"selector": {"matchLabels": {"dns": "yes"}}}},
    {"types": ["A"], "ttl": {"maximum": 60}},
    {"quota": {"zones": 1, "rrsets": 2}},
    {"quota": {"recordSets": 1, "octets": 20}, "defaults": {"ttl": 5}},
]
OBJECTS = st.one_of(
    zones(),
    zones(),
    record_sets(),
    record_sets(),
    st.builds(
        config_map,
        st.sampled_from(NAMESPACES),
        st.sampled_from([FILE, f"{FILE}www A 192.0.2.3\n", "nonsense"]),
    ),
    st.builds(namespace, st.sampled_from(NAMESPACES), st.sampled_from([{}, {"dns": "yes"}])),
    st.builds(pop, st.sampled_from(["fra", "iad"]), st.sampled_from(["eu", "us"])),
    st.builds(
        lambda name, suffix, spec: zone_class(name, [suffix], **spec),
        st.sampled_from(["i", "j"]),
        st.sampled_from([*ORIGINS, "."]),
        st.sampled_from(CLASSES),
    ),
)
OWNED = {
    "recordSets": FROM[2],
    "nestedZones": FROM[2],
    "nameServers": ["ns1.example.net"],
    "records": [{"name": "h0", "type": "A", "data": ["192.0.2.1"]}],
}
FIRST: list[Object] = [
    namespace("shop", {"dns": "yes"}),
    item("Zone", "x", {"origin": "example", **OWNED}),
    item("Zone", "y", {"origin": "a.example", **OWNED}, namespace="shop"),
    item(
        "Zone",
        "y",
        {
            "origin": "test",
            "zoneFile": {"configMaps": [{"name": "file", "key": "zone"}]},
            "placement": {"popSelector": {"matchLabels": {"region": "eu"}}},
        },
    ),
    config_map("dns", FILE),
    pop("fra", "eu"),
    pop("iad", "us"),
    *(
        item(
            "RecordSet",
            name,
            {
                "zoneRef": {"name": "x", "namespace": "dns"},
                "records": [{"name": "www", "type": "A", "data": [f"192.0.2.{number}"]}],
            },
            namespace="shop",
        )
        for number, name in enumerate(("x", "y"))
    ),
]
"""Objects that depend on each other in every way, so that most changes reach more than one."""
