"""Whatever a zone was made of, and whatever is left of that: what is made again gives the zone."""

from collections.abc import Mapping
from typing import Any

from dnsfleet_cli.kubectl import restoring
from dnsfleet_cli.kubectl.restoring import There
from hypothesis import given, settings
from hypothesis import strategies as st
from support.removed_zones import check, config_map, item, record_set, remove

Object = Mapping[str, Any]
APEX = "@ 60 SOA ns1 host 7 2 3 4 5\n@ 60 NS ns1.example.net.\n"
OWN = ("www", "mail", "a.b.c", "*.wild", "under_score", "\\051dot", "x\\.y")
OTHERS = ("shop", "_acme-challenge", "_acme-challenge.www")
DATA: dict[str, st.SearchStrategy[str]] = {
    "A": st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
    "TXT": st.sampled_from(['"one two"', '"a" "b"', '";"', '"\\""', "plain"]),
    "MX": st.sampled_from(["10 mail", "20 mail.example.net."]),
    "TYPE65280": st.sampled_from(["\\# 2 abcd", "\\# 0"]),
}
TIMES = ("2025-12-01T00:00:00Z", "2026-03-01T00:00:00Z")
TTLS = st.sampled_from([None, 0, 60, 300, 2**31 - 1])


@st.composite
def records(draw: st.DrawFn, owners: tuple[str, ...]) -> list[dict[str, Any]]:
    """RRsets, each once."""
    keys = st.tuples(st.sampled_from(owners), st.sampled_from(sorted(DATA)))
    found = []
    for owner, rtype in draw(st.lists(keys, unique=True, max_size=5)):
        data = draw(st.lists(DATA[rtype], min_size=1, max_size=3, unique=True))
        record: dict[str, Any] = {"name": owner, "type": rtype, "data": data}
        if (ttl := draw(TTLS)) is not None:
            record["ttl"] = ttl
        found.append(record)
    return found


def text_of(found: list[dict[str, Any]]) -> str:
    lines = (
        f"{each['name']} {each.get('ttl', 300)} {each['type']} {data}\n"
        for each in found
        for data in each["data"]
    )
    return APEX + "".join(lines)


@st.composite
def zones(draw: st.DrawFn) -> list[Object]:
    """A Zone, and ConfigMaps and RecordSets that it takes."""
    spec: dict[str, Any] = {"origin": "a.example"}
    consent: dict[str, Any] = {"namespaces": {"from": "All"}}
    if draw(st.booleans()):
        consent["merge"] = ["TXT"]
    spec["recordSets"] = consent
    own, parts = draw(records(OWN)), []
    if draw(st.booleans()):
        spec["nameServers"] = ["ns1.example.net"]
        spec |= draw(st.sampled_from([{}, {"ttl": 60}, {"soa": {"rname": "me.example.net"}}]))
        spec["records"] = own
    else:
        text = text_of(own)
        lines = text.splitlines(keepends=True)
        cuts = draw(st.sampled_from([1, 1, 2, 3]))
        parts = [
            config_map(f"part-{number}", "".join(lines[number::cuts])) for number in range(cuts)
        ]
        inline = draw(st.booleans())
        keys = [{"name": each["metadata"]["name"], "key": "zone"} for each in parts]
        spec["zoneFile"] = {"inline": text} if inline else {"configMaps": keys}
        parts = [] if inline else parts
    sets = [record_set(name, *found) for name in ("one", "two") if (found := draw(records(OTHERS)))]
    if draw(st.booleans()):
        for each in sets[:1]:
            each["spec"]["dynamicRecords"] = [
                {"ttl": 60, **record, "since": draw(st.sampled_from(TIMES))}
                for record in each["spec"].pop("records")
            ]
    return [item("Zone", "a", spec), *parts, *sets]


@settings(max_examples=150, deadline=None)
@given(zones(), st.data())
def test_what_is_made_again_beside_what_is_left_is_what_was_served(
    objects: list[Object], data: st.DataObject
) -> None:
    removed, content = remove(*objects)
    refused = {
        restoring.reference(each) for each in objects if each["kind"] == "RecordSet"
    } - removed.claims.keys()  # which would be older than what is made again
    left = [
        each
        for each in objects[1:]
        if data.draw(st.booleans()) and restoring.reference(each) not in refused
    ]
    sets = {restoring.reference(each) for each in left if each["kind"] == "RecordSet"}
    maps = {each["metadata"]["name"]: each for each in left if each["kind"] == "ConfigMap"}
    plan = restoring.plan(removed, content, There(sets, maps))
    assert {restoring.reference(each) for each in plan.objects}.isdisjoint(
        restoring.reference(each) for each in left
    )
    check(plan, content, left)
    spec = objects[0]["spec"]
    assert (plan.source == "records") == ("records" in spec)
    if plan.source != "records":
        assert plan.source in spec["zoneFile"]
