"""What is built where last good versions are in the way of what others say now."""

import pytest
from dnsfleet.resources import RecordSet, Reference, Zone
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation
from dnsfleet.zones import building
from dnsfleet.zones.parts import Parts
from dnsfleet_engine import Zone as EngineZone
from dnsfleet_publisher.last_good import MAX_ROUNDS, Assembled, Inputs, LastGood, subject
from support import yaml_resources

ZONE = yaml_resources.zone("records: [{name: h, type: A, data: [192.0.2.1]}]")


def document(resource: Zone | RecordSet) -> Document:
    return Document(resource.kind, resource, "", 0, {})


def record_set(number: int, owner: str, uid: str = "1") -> RecordSet:
    """Those with a higher number are older."""
    records = f"[{{name: {owner}, type: A, data: [192.0.2.{number}]}}]"
    created = f"{2100 - number}-01-01T00:00:00Z"
    return yaml_resources.record_set(records, f"s{number}", uid=uid, creationTimestamp=created)


class Built:
    """A zone that is built again and again."""

    def __init__(self) -> None:
        self.last_good = LastGood((), lambda _origin, _record_set: None)

    def build(self, *record_sets: RecordSet) -> Assembled:
        documents = {each.reference: document(each) for each in (ZONE, *record_sets)}
        return self.last_good.build(
            Inputs(ZONE, None, (), None, record_sets, {}, frozenset()), documents
        )


def wrong(assembled: Assembled) -> set[Reference | None]:
    return {subject(each) for each in assembled.violations}


@pytest.mark.parametrize("count", [1, 2, MAX_ROUNDS // 2, 2 * MAX_ROUNDS])
def test_a_chain_of_last_good_versions_is_followed_and_everybody_is_told(count: int) -> None:
    """Each wants what the next one has; the last one wants what the Zone has, and gets nothing."""
    built = Built()
    first = built.build(*(record_set(number, f"n{number}") for number in range(count)))
    assert (len(first.record_sets), first.violations) == (count, ())
    moved = [record_set(number, f"n{number + 1}") for number in range(count - 1)]
    moved.append(record_set(count - 1, "h"))
    second = built.build(*moved)
    served = {each.reference: each for each in second.record_sets}
    for each in moved:
        assert (each.reference in wrong(second)) != (served.get(each.reference) == each)
    if count < MAX_ROUNDS:
        assert len(served) == count, "nobody loses what it had"
    assert len(served) >= MAX_ROUNDS or count < MAX_ROUNDS
    assert built.build(*(record_set(n, f"n{n}") for n in range(count))).violations == ()


def test_what_an_object_of_another_uid_said_is_no_last_good_version() -> None:
    built = Built()
    built.build(record_set(1, "www"))
    kept = built.build(record_set(1, "h"))
    assert [each.spec.records[0].name for each in kept.record_sets] == ["www"]
    assert built.build(record_set(1, "h", uid="2")).record_sets == ()


def test_what_breaks_the_zone_takes_no_name_from_anybody() -> None:
    built = Built()
    younger = record_set(1, "www")
    built.build(younger)
    both = "[{name: www, type: A, data: [192.0.2.9]}, {name: h, type: CNAME, data: [elsewhere]}]"
    older = yaml_resources.record_set(both, "older", creationTimestamp="2020-01-01T00:00:00Z")
    found = built.build(younger, older)
    assert wrong(found) == {older.reference}
    assert found.record_sets == (younger,)


def test_the_parts_are_those_of_the_version_that_is_taken() -> None:
    """What is refused is no measure for what comes after it."""
    zone = yaml_resources.zone("{nameServers: null, zoneFile: {path: f}}")
    base, _, _ = building.from_zone_file(zone, b"@ 1 SOA a. b. 1 2 3 4 5\n@ 1 NS a.\n", "f")
    last_good = LastGood((), lambda _origin, _record_set: None)

    def build(base: EngineZone | None, records: int) -> Assembled:
        broken = () if base is not None else (Violation("BadRdata", "wrong", "f:1"),)
        parts = Parts((("f", records),))
        inputs = Inputs(zone, base, broken, None, (), {}, frozenset(), parts)
        return last_good.build(inputs, {zone.reference: document(zone)})

    assert build(None, 1).parts is None
    assert build(base, 30).parts == Parts((("f", 30),))
    kept = build(None, 2)
    assert (kept.zone, kept.parts) == (base, Parts((("f", 30),)))
    assert build(base, 29).parts == Parts((("f", 29),))
