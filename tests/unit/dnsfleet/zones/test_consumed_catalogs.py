"""What is read from catalogs of others (RFC 9432), and which are broken."""

import pytest
from dnsfleet import resources
from dnsfleet.zones import catalogs, consumed_catalogs, plans
from dnsfleet.zones.catalogs import Member
from dnsfleet.zones.consumed_catalogs import BrokenCatalogError, Listed
from dnsfleet_engine import Zone, ZoneBuilder
from hypothesis import given
from hypothesis import strategies as st

APEX = ("@ SOA invalid. invalid. 1 2 3 4 5", "@ NS invalid.")
VERSION = 'version TXT "2"'


def zone(*rows: str, origin: str = "catalog.example.") -> Zone:
    builder = ZoneBuilder(origin)
    for row in (*APEX, *rows):
        owner, rtype, data = row.split(" ", 2)
        builder.add_record(owner, rtype, 0, data, "a test")
    found, violations = builder.finish()
    assert found is not None, violations
    return found


def test_members_with_their_groups_and_the_catalogs_that_they_move_to() -> None:
    made = zone(
        VERSION,
        "m1.zones PTR a.example.",
        'group.m1.zones TXT "signed"',
        "m2.zones PTR B.example.",
        "coo.m2.zones PTR other.example.",
        r"a\.dot.zones PTR c.example.",
        "coo.zones PTR d.example.",
    )
    assert consumed_catalogs.read(made) == {
        "a.example.": Listed("m1", "signed"),
        "b.example.": Listed("m2", "", "other.example."),
        "c.example.": Listed(r"a\.dot"),
        "d.example.": Listed("coo"),
    }


@pytest.mark.parametrize(
    "rows",
    [
        ('ext.m1.zones TXT "anything"', 'x.ext.m1.zones TXT "anything"'),
        ("primaries.m1.zones A 192.0.2.1",),
        ("x.coo.m1.zones PTR other.example.", "zones PTR b.example."),
        ("@ NS ns1.example.net.", "ext TXT y"),
        (r"m2\.zones PTR b.example.", r"coo\.m1.zones TXT x"),
        ("more.m1.zones PTR b.example.", "m2.zones A 192.0.2.1"),
        ('group.m1.zones TXT "a"', 'group.m1.zones TXT "b"'),
        ('group.m1.zones TXT "a" "b"',),
    ],
)
def test_properties_that_are_not_known_say_nothing(rows: tuple[str, ...]) -> None:
    made = zone(VERSION, "m1.zones PTR a.example.", *rows)
    assert consumed_catalogs.read(made) == {"a.example.": Listed("m1")}


def test_an_empty_list_is_one() -> None:
    assert consumed_catalogs.read(zone(VERSION)) == {}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((), "it has no TXT record at version.catalog.example."),
        (('version TXT "1"',), 'is "1", and "2" is the only version'),
        ((VERSION, 'version TXT "3"'), 'is "2", "3", and "2" is the only version'),
        (('version TXT "2" "2"',), 'is "2" "2", and "2" is the only version'),
        (
            (VERSION, "m.zones PTR a.example.", "m.zones PTR b.example."),
            "m.zones has 2 PTR records; there may be one",
        ),
        (
            (VERSION, "m2.zones PTR a.example.", "m1.zones PTR A.example."),
            "it lists a.example. twice, as m1 and as m2",
        ),
        (
            (VERSION, "m.zones PTR a.example.", "coo.m.zones PTR b.", "coo.m.zones PTR c."),
            "coo.m.zones has 2 PTR records; there may be one",
        ),
    ],
)
def test_a_broken_one_says_why(rows: tuple[str, ...], message: str) -> None:
    made = zone(*rows)
    with pytest.raises(BrokenCatalogError) as found:
        consumed_catalogs.read(made)
    assert message in str(found.value)
    told = consumed_catalogs.violation(made, "here")
    assert told is not None
    assert (told.reason, told.where) == ("BrokenCatalog", "here")
    assert message in told.message


def test_an_origin_without_room_for_members_is_no_catalog() -> None:
    made = zone(origin=".".join(["x" * 61] * 4) + ".")
    told = consumed_catalogs.violation(made, "here")
    assert told is not None
    assert "it has no TXT record at version.xxx" in told.message


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumed_catalogs, "MAX_MEMBERS", 2)
    rows = [f"m{number}.zones PTR z{number}.example." for number in range(3)]
    assert len(consumed_catalogs.read(zone(VERSION, *rows[:2]))) == 2
    told = consumed_catalogs.violation(zone(VERSION, *rows), "here")
    assert told is not None
    assert told.reason == "TooManyMembers"
    assert "it lists 3 zones, which is more than 2" in told.message


labels = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
origins = st.lists(labels, min_size=1, max_size=3).map(lambda parts: ".".join(parts) + ".")


@given(
    st.dictionaries(
        origins, st.builds(Member, labels, st.sampled_from(["", "a", "b-c"])), max_size=20
    ),
    st.sampled_from([str, str.upper, str.title]),
)
def test_what_a_fleet_lists_another_one_reads(
    members: dict[str, Member], written: type[str]
) -> None:
    by_label = {member.label: (origin, member) for origin, member in members.items()}
    unique = dict(by_label.values())
    made = resources.Zone.model_validate(
        {
            "metadata": {"name": "catalog"},
            "spec": {"origin": "catalog.example", "source": {"catalog": {}}},
        }
    )
    zone = catalogs.build(made, {written(origin): member for origin, member in unique.items()})
    expected = {origin: Listed(each.label, each.group) for origin, each in unique.items()}
    assert consumed_catalogs.read(zone) == expected


@given(st.lists(st.tuples(labels, origins), min_size=1, max_size=8, unique=True))
def test_a_label_or_an_origin_that_comes_twice_breaks_it(rows: list[tuple[str, str]]) -> None:
    made = zone(VERSION, *(f"{label}.zones PTR {origin}" for label, origin in rows))
    label_twice = len({label for label, _ in rows}) < len(rows)
    origin_twice = len({origin for _, origin in rows}) < len(rows)
    broken = consumed_catalogs.violation(made, "here") is not None
    assert broken == (label_twice or origin_twice)


def listing(members: dict[str, str], *more: str) -> Zone:
    rows = (f"{label}.zones PTR {origin}.example." for origin, label in members.items())
    return zone(VERSION, *rows, *more)


TWENTY = {f"z{number}": f"m{number}" for number in range(20)}
PROPERTIES = tuple(f'{each}.ext.m{n}.zones TXT "p"' for n in range(20) for each in ("a", "b", "c"))


@pytest.mark.parametrize(
    ("new", "live", "says"),
    [
        (listing({}, *PROPERTIES), True, "lists 20 of 20 members no more"),
        (listing({"z1": "m1"}, *PROPERTIES), True, "lists 19 of 20 members no more"),
        (listing({f"y{n}": f"m{n}" for n in range(20)}, *PROPERTIES), True, "lists 20 of 20"),
        (listing(dict(list(TWENTY.items())[10:]), *PROPERTIES), True, None),
        (listing({f"z{n}": f"m{n + 1}" for n in range(20)}, *PROPERTIES), True, None),
        (listing({}, *PROPERTIES), False, None),
    ],
    ids=["all", "most", "others with the same labels", "ten", "other labels", "none is served"],
)
def test_members_that_are_listed_no_more_need_an_approval(
    new: Zone, live: bool, says: str | None
) -> None:
    old = listing(TWENTY, *PROPERTIES)
    delta = plans.change(old, new)
    assert plans.unsafe(old, new, delta, apex=3) is None
    found = consumed_catalogs.unsafe(old, new, delta, lambda _: live)
    if says is None:
        assert found is None
    else:
        assert found is not None
        assert says in found.message
        assert plans.asked_hash(found.message) == plans.plan_hash(delta)
