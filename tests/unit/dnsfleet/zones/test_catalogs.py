"""The records of catalogs: RFC 9432, and changes that are equal to a new list."""

import pytest
from dnsfleet import resources
from dnsfleet.zones import building, catalogs
from dnsfleet.zones.catalogs import Member
from dnsfleet_engine import Zone
from hypothesis import given
from hypothesis import strategies as st

LONG = ".".join(["x" * 49] * 4)
"""An origin of 200 characters."""


def catalog(origin: str = "catalog.example", **spec: object) -> resources.Zone:
    return resources.Zone.model_validate(
        {
            "metadata": {"name": "catalog"},
            "spec": {"origin": origin, "source": {"catalog": {}}, **spec},
        }
    )


def member(origin: str, group: str = "", birth: str = "1") -> Member:
    return Member(catalogs.label(origin, birth), group)


def rows(zone: Zone) -> list[str]:
    return zone.to_text().splitlines()


def test_a_catalog_has_the_records_of_rfc_9432() -> None:
    one, two = member("a.example."), member("b.example.", "signed")
    found = rows(catalogs.build(catalog(), {"a.example.": one, "b.example.": two}))
    assert sorted(found) == sorted(
        [
            "catalog.example. 0 SOA invalid. invalid. 0 7200 900 1209600 300",
            "catalog.example. 0 NS invalid.",
            'version.catalog.example. 0 TXT "2"',
            f"{one.label}.zones.catalog.example. 0 PTR a.example.",
            f"{two.label}.zones.catalog.example. 0 PTR b.example.",
            f'group.{two.label}.zones.catalog.example. 0 TXT "signed"',
        ]
    )


def test_a_catalog_takes_the_timers_of_its_zone() -> None:
    soa = {"rname": "dns.example.net", "refresh": 60, "retry": 10, "expire": 3600, "minimum": 5}
    built = catalogs.build(catalog(soa=soa), {})
    assert built.get("catalog.example.", "SOA") == (
        0,
        ["invalid. dns.example.net. 0 60 10 3600 5"],
    )


def test_the_label_of_a_zone_is_its_own_and_that_of_one_made_anew_another() -> None:
    labels = {catalogs.label(origin, birth) for origin in ("a.", "b.") for birth in ("1", "2")}
    assert len(labels) == 4
    assert catalogs.label("a.", "1") in labels


def test_an_origin_too_long_for_its_members_is_refused() -> None:
    with pytest.raises(ValueError, match="255"):
        catalogs.build(catalog(f"{LONG}.{'y' * 30}"), {"a.": member("a.")})


@pytest.mark.parametrize("origin", [".", "invalid"])
def test_an_origin_that_has_the_name_server_of_catalogs_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match=r"name server invalid\. of the zone has no A"):
        catalogs.build(catalog(origin), {})


MEMBERS = st.dictionaries(
    st.sampled_from([f"z{number}.example." for number in range(6)] + ["catalog.example."]),
    st.builds(lambda group, birth: (group, birth), st.sampled_from(["", "a", "b"]), st.text("12")),
)


@given(st.sampled_from(["catalog.example", "catalog.invalid", "group.zones"]), MEMBERS, MEMBERS)
def test_a_change_gives_what_a_new_list_gives(
    origin: str, before: dict[str, tuple[str, str]], after: dict[str, tuple[str, str]]
) -> None:
    zone = catalog(origin)
    old = {each: member(each, *about) for each, about in before.items()}
    new = {each: member(each, *about) for each, about in after.items()}
    gone = {each: old[each] for each in old if old[each] != new.get(each)}
    come = {each: new[each] for each in new if new[each] != old.get(each)}
    built = catalogs.build(zone, old)
    made = catalogs.changed(built, zone, gone, come)
    assert made.encode() == catalogs.build(zone, new).encode()
    assert catalogs.members(made) == new
    assert catalogs.is_catalog(made)
    removed = catalogs.removed(built.diff(made).lines(1000))
    lost = {each for each in old if each not in new or old[each].label != new[each].label}
    assert removed.keys() == lost
    assert sum(removed.values()) == sum(1 + bool(old[each].group) for each in lost)


@pytest.mark.parametrize("servers", [["ns1.example.net"], ["invalid.example"]])
def test_another_zone_is_no_catalog(servers: list[str]) -> None:
    spec = {"origin": "a.example", "nameServers": servers}
    spec |= {"records": [{"name": "version", "type": "TXT", "data": ["2"]}]}
    zone = resources.Zone.model_validate({"metadata": {"name": "a"}, "spec": spec})
    built, _ = building.from_resources(zone, (), None)
    assert built is not None
    assert not catalogs.is_catalog(built)


BAD_SPECS = [
    ({"records": []}, "found records and source"),
    ({"zoneFile": {"inline": "x"}}, "found zoneFile and source"),
    ({"ttl": 60}, "a catalog zone has none"),
    ({"nameServers": ["ns1.example.net"]}, "a catalog zone has none"),
    ({"placement": {}}, "a catalog zone has none"),
    ({"recordSets": {}}, "a catalog zone has none"),
    ({"source": {}}, "exactly one of transfer, catalog"),
    ({"source": {"catalog": {"from": "Selector"}}}, "Same"),
    ({"source": {"catalog": {"groupLabel": "no label"}}}, "pattern"),
]


@pytest.mark.parametrize(("spec", "message"), BAD_SPECS, ids=str)
def test_what_says_nothing_about_a_catalog_is_refused(
    spec: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        catalog(**spec)
