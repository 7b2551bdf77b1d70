"""A dynamic RecordSet is what as many RecordSets with one RRset each would be."""

from typing import Any

from dnsfleet.resources import RecordSet, Zone
from dnsfleet.violations import errors
from dnsfleet.zones import building, ownership
from dnsfleet_engine import Zone as EngineZone
from hypothesis import given, settings
from hypothesis import strategies as st
from support import yaml_resources

Object = dict[str, Any]

UNHURRIED = settings(deadline=None)
"""A machine that has other work takes its time for an example."""
TIMES = st.sampled_from([f"2026-0{month}-01T00:00:00Z" for month in range(1, 6)])
NAMESPACES = st.sampled_from(["default", "default", "shop"])
DATA = {
    "A": ["192.0.2.1", "192.0.2.2", "192.0.2.300"],
    "TXT": ["one", "two"],
    "CNAME": ["b", "elsewhere.test."],
    "DNAME": ["test."],
    "NS": ["ns1.example.net.", "x.a"],
}
RECORDS = st.sampled_from(
    [
        {"name": name, "type": rtype, "data": [data]}
        for name in ("@", "a", "b", "x.a", "y.x.a", "*.b", "_acme-challenge", "b..a")
        for rtype, values in DATA.items()
        for data in values
    ]
)
CONSENTS = st.sampled_from(
    [
        "types: [A, TXT, NS, DNAME, CNAME], namespaces: {from: All}",
        "types: [A, TXT, NS, DNAME, CNAME], names: ['*', a, x.a]",
        "types: [A, CNAME], names: ['*.a', '@', _acme-challenge]",
        "merge: [TXT], namespaces: {from: All}",
    ]
)


def lists(least: int) -> st.SearchStrategy[list[Object]]:
    return st.lists(
        RECORDS,
        min_size=least,
        max_size=6,
        unique_by=lambda record: (record["name"], record["type"]),
    )


def without_own_cuts(records: list[Object]) -> list[Object]:
    """Without cuts over their other records: a dynamic RecordSet hides no names of others by them.

    As many RecordSets they would be of as many owners.
    """

    def is_over(cut: Object, other: Object) -> bool:
        top = "" if cut["name"] == "@" else f".{cut['name']}"
        below = other["name"] != "@" and other["name"].endswith(top) and other is not cut
        return below or (cut["type"] == "NS" and cut["name"] == other["name"] and other is not cut)

    cuts = [each for each in records if each["type"] in ("NS", "DNAME")]
    bad = [cut for cut in cuts if any(is_over(cut, each) for each in records)]
    return [each for each in records if each not in bad]


@st.composite
def zones(draw: st.DrawFn) -> Zone:
    own = [
        {"name": name, "type": "A", "data": ["192.0.2.9"]}
        for name in draw(st.sets(st.sampled_from(["a", "y.x.a", "z"])))
    ]
    return yaml_resources.zone(f"{{records: {own}, recordSets: {{{draw(CONSENTS)}}}}}")


@st.composite
def record_sets(draw: st.DrawFn) -> list[RecordSet]:
    made = []
    for number in range(draw(st.integers(1, 5))):
        found: Object = {"namespace": draw(NAMESPACES), "creationTimestamp": draw(TIMES)}
        name = f"set-{number}"
        if draw(st.booleans()):
            records = [{**each, "since": draw(TIMES)} for each in without_own_cuts(draw(lists(0)))]
            made.append(yaml_resources.dynamic(records, name, **found))
        else:
            made.append(yaml_resources.record_set(str(draw(lists(1))), name, **found))
    return made


def one_by_one(record_set: RecordSet) -> list[RecordSet]:
    """A RecordSet for each RRset of a dynamic one."""
    found = []
    for index, record in enumerate(record_set.spec.dynamic_records or ()):
        created = max(record_set.metadata.creation_timestamp, record.since)
        text = record.model_dump(exclude_none=True, exclude={"since"})
        found.append(
            yaml_resources.record_set(
                str([text | {"data": list(record.data)}]),
                f"{record_set.metadata.name}-{index}",
                namespace=record_set.reference.namespace,
                creationTimestamp=created,
            )
        )
    return found


def replaced(sets: list[RecordSet]) -> list[RecordSet]:
    found = []
    for each in sets:
        found += one_by_one(each) if each.spec.dynamic else [each]
    return found


def built_of(zone: Zone, sets: list[RecordSet]) -> tuple[EngineZone, list[str]]:
    """The zone, and what is in it of which RecordSet."""
    admission = ownership.admit(zone, sets, {})
    joined = building.from_claimants(zone, admission.claimants, None)
    assert joined.zone is not None
    whose = [
        f"{each.record_set.metadata.name} {record.name} {record.type} {record.data}"
        for each in joined.claimants
        for _, record in each.records
    ]
    return joined.zone, whose


@UNHURRIED
@given(zones(), record_sets())
def test_it_gives_the_same_zone_as_one_record_set_for_each_rrset(
    zone: Zone, sets: list[RecordSet]
) -> None:
    built, whose = built_of(zone, sets)
    other, by_one = built_of(zone, replaced(sets))
    assert built.to_text() == other.to_text()
    named = {part.metadata.name: each for each in sets for part in one_by_one(each)}
    same = []
    for line in by_one:
        name, _, rest = line.partition(" ")
        is_part = name in named and named[name].spec.dynamic
        same.append(f"{named[name].metadata.name if is_part else name} {rest}")
    assert whose == same


@UNHURRIED
@given(zones(), record_sets(), st.randoms())
def test_the_order_of_reading_does_not_matter(
    zone: Zone, sets: list[RecordSet], random: Any
) -> None:
    shuffled = sets.copy()
    random.shuffle(shuffled)
    assert ownership.admit(zone, shuffled, {}) == ownership.admit(zone, sets, {})


@UNHURRIED
@given(zones(), record_sets())
def test_each_rrset_that_is_left_out_is_told_of_and_refuses_no_other(
    zone: Zone, sets: list[RecordSet]
) -> None:
    admission = ownership.admit(zone, sets, {})
    joined = building.from_claimants(zone, admission.claimants, None)
    told = [*admission.violations, *joined.violations]
    refused = {each.where.partition(":")[0] for each in errors(told)}
    there = {(str(each.record_set.reference), each.position) for each in joined.claimants}
    for each in sets:
        if not each.spec.dynamic or str(each.reference) in refused:
            continue
        for index in range(len(each.spec.rrsets)):
            place = f"{each.rrsets_place}[{index}]"
            left_out = any(
                found.where.startswith(place) and "left out" in found.message for found in told
            )
            assert left_out != ((str(each.reference), index) in there)
