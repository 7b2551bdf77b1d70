"""Admission has the same result in any order of reading, with one owner for each RRset."""

from dnsfleet.resources import RecordSet, Reference, Zone
from dnsfleet.violations import errors
from dnsfleet.zones import ownership
from hypothesis import given
from hypothesis import strategies as st
from support import yaml_resources

CLAIMS = st.lists(
    st.tuples(
        st.sampled_from(["a", "A", "b.example.com.", "b", "c", "x.a", "y.x.a"]),
        st.sampled_from(["A", "TXT", "NS", "DNAME"]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda claim: (claim[0].lower(), claim[1]),
)
TIMES = st.sampled_from(["", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"])
ZONE = yaml_resources.zone("{recordSets: {types: [A, TXT, NS, DNAME]}}")
NAMES_A = yaml_resources.zone("{recordSets: {types: [A, TXT, NS, DNAME], names: ['*', a]}}")
"""It allows by its name that a.example.com. is cut out of the zone."""
ZONES = st.sampled_from([ZONE, NAMES_A])


@st.composite
def record_sets(draw: st.DrawFn) -> list[RecordSet]:
    made = []
    for number, (claims, time) in enumerate(draw(st.lists(st.tuples(CLAIMS, TIMES), max_size=6))):
        records = [{"name": name, "type": rtype, "data": ["x"]} for name, rtype in claims]
        made.append(
            yaml_resources.record_set(str(records), f"set-{number}", creationTimestamp=time)
        )
    return made


@given(ZONES, record_sets(), st.randoms())
def test_the_order_of_reading_does_not_matter(
    zone: Zone, sets: list[RecordSet], random: object
) -> None:
    shuffled = sets.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ownership.admit(zone, shuffled, {}) == ownership.admit(zone, sets, {})


@given(ZONES, record_sets())
def test_each_rrset_has_one_owner_and_the_loser_hears_of_it(
    zone: Zone, sets: list[RecordSet]
) -> None:
    admission = ownership.admit(zone, sets, {})
    owners: dict[tuple[str, str], Reference] = {}
    for record_set in admission.record_sets:
        for record in record_set.spec.records:
            key = record.key(zone.origin)
            assert owners.setdefault(key, record_set.reference) == record_set.reference
    admitted = {str(record_set.reference) for record_set in admission.record_sets}
    told = {violation.where.partition(": ")[0] for violation in errors(admission.violations)}
    assert admitted | told == {str(record_set.reference) for record_set in sets}
    assert not admitted & told


@given(ZONES, record_sets())
def test_the_oldest_is_never_refused_for_a_younger_one(zone: Zone, sets: list[RecordSet]) -> None:
    for oldest in ownership.by_age(sets)[:1]:
        alone = ownership.admit(zone, [oldest], {}).record_sets
        assert ownership.admit(zone, sets, {}).record_sets[: len(alone)] == alone


@given(ZONES, record_sets())
def test_no_record_set_hides_what_an_older_one_has_without_consent(
    zone: Zone, sets: list[RecordSet]
) -> None:
    named = {"a.example.com."} if zone is NAMES_A else set()
    admitted = ownership.admit(zone, sets, {}).record_sets
    for number, younger in enumerate(admitted):
        for cut, rtype in (record.key(zone.origin) for record in younger.spec.records):
            for older in admitted[:number]:
                for name, other in (record.key(zone.origin) for record in older.spec.records):
                    is_below = name.endswith(f".{cut}")
                    assert rtype != "NS" or not (is_below or name == cut) or cut in named
                    assert rtype != "DNAME" or not is_below
                    is_above = cut == name or cut.endswith(f".{name}")
                    assert other != "NS" or not is_above or cut in named
