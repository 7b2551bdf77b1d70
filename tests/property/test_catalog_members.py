"""Zones of catalogs under random changes: what there is at the end depends on what is listed.

Whatever was listed, made by others, deleted and listed again before, each member has its Zone
unless somebody else has its origin or its name, no other Zone of a catalog is left, and what others
made is as they made it. One who begins anew finds nothing to do.
"""

from typing import Any

from dnsfleet.resources import Reference
from dnsfleet.zones import member_zones
from dnsfleet.zones.consumed_catalogs import Listed
from hypothesis import given, settings
from hypothesis import strategies as st
from support.member_plans import NAMESPACE, Rig, catalog, zone

CATALOGS = ("one", "two")
ORIGINS = ("a.example.", "b.example.", "_b.example.", "c.example.")
OTHERS = ("mine", "a.example", "b.example")

listings = st.dictionaries(
    st.sampled_from(ORIGINS),
    st.builds(
        Listed,
        st.sampled_from(["m1", "m2"]),
        moves_to=st.sampled_from(["", "one.test.", "two.test."]),
    ),
)
steps = st.one_of(
    st.tuples(st.just("list"), st.sampled_from(CATALOGS), listings),
    st.tuples(st.just("unknown"), st.sampled_from(CATALOGS), st.none()),
    st.tuples(st.just("put"), st.sampled_from(OTHERS), st.sampled_from(ORIGINS)),
    st.tuples(st.just("delete"), st.sampled_from(OTHERS), st.none()),
    st.tuples(st.just("work"), st.just(""), st.none()),
    st.tuples(st.just("anew"), st.just(""), st.none()),
)


def is_of_catalogs(found: dict[str, Any] | None) -> bool:
    labels = {} if found is None else found["metadata"].get("labels", {})
    return member_zones.CATALOG_LABEL in labels


@settings(deadline=None)
@given(st.lists(steps, max_size=25))
def test_the_zones_are_those_that_are_listed(history: list[tuple[str, str, Any]]) -> None:
    rig, said = Rig(), dict[str, dict[str, Listed]]()
    others: dict[str, str] = {}
    for name in CATALOGS:
        rig.put(catalog(name))
    for kind, name, more in history:
        if kind == "list":
            said[name] = more
            rig.lists(name, more)
        elif kind == "unknown":
            said.pop(name, None)
            rig.plans.lists(Reference("Zone", NAMESPACE, name), "", {})
        elif kind == "put" and not is_of_catalogs(rig.get(name)):
            others[name] = more
            rig.put(zone(name, more), anew=True)
        elif kind == "delete" and name in others:
            del others[name]
            rig.delete(Reference("Zone", NAMESPACE, name))
        elif kind == "work":
            rig.work()
        elif kind == "anew":
            rig = Rig(rig)
            for each, members in said.items():
                rig.lists(each, members)
    for name in CATALOGS:
        said.setdefault(name, {})
        rig.lists(name, said[name])
    rig.work()

    made = {
        each["spec"]["origin"]: each["metadata"]["labels"][member_zones.CATALOG_LABEL]
        for each in rig.objects.values()
        if is_of_catalogs(each)
    }
    for name, origin in others.items():
        found = rig.get(name)
        assert found is not None
        assert found["spec"] == {"origin": origin, "records": []}
    for origin in ORIGINS:
        listing = {name for name in CATALOGS if origin in said[name]}
        blocked = origin in others.values() or member_zones.name_of(origin) in others
        owner = made.pop(origin.removesuffix("."), None)
        if not listing:
            assert owner is None
        elif owner is None:
            assert blocked
        else:
            assert owner in listing
            found = rig.get(member_zones.name_of(origin))
            assert found is not None
            node = found["metadata"]["annotations"][member_zones.MEMBER_ANNOTATION]
            assert node == f"{said[owner][origin].label}.zones.{owner}.test."
    assert made == {}
    anew = Rig(rig)
    for name in CATALOGS:
        anew.lists(name, said[name])
    moves = [step for step in anew.work() if step.kind != "change"]
    assert moves == []
