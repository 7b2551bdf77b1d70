"""What is made, changed and deleted for the members of catalogs."""

import pytest
from dnsfleet.resources import Reference
from dnsfleet.zones import member_zones
from dnsfleet.zones.consumed_catalogs import Listed
from dnsfleet_operator.members.steps import WRITE_FAILED, Refusal
from support.member_plans import NAMESPACE, Rig, catalog, zone

A, B = {"a.example.": Listed("m1")}, {"b.example.": Listed("m2")}
ONE = Reference("Zone", NAMESPACE, "one")


@pytest.fixture(name="rig")
def _rig() -> Rig:
    made = Rig()
    made.put(catalog("one"))
    return made


def kinds(rig: Rig) -> list[tuple[str, str]]:
    return [(step.kind, step.origin) for step in rig.work()]


def test_members_come_and_go(rig: Rig) -> None:
    rig.lists("one", A | B)
    assert kinds(rig) == [("create", "a.example."), ("create", "b.example.")]
    assert rig.standing("one") == (2, 2, 0, 0, ())
    rig.lists("one", B)
    assert kinds(rig) == [("delete", "a.example.")]
    assert rig.get("a.example") is None
    assert rig.standing("one") == (1, 1, 0, 0, ())


def test_nothing_is_done_while_it_is_not_known_what_is_listed(rig: Rig) -> None:
    assert rig.plans.standing(ONE) is None
    rig.lists("one", A)
    rig.work()
    rig.plans.lists(ONE, "", {})
    rig.delete(Reference("Zone", NAMESPACE, "a.example"))
    assert kinds(rig) == []
    rig.lists("one", A)
    assert kinds(rig) == [("create", "a.example.")]


def test_what_did_not_change_is_not_looked_at(rig: Rig) -> None:
    many = {f"z{number}.example.": Listed(f"m{number}") for number in range(50)}
    rig.lists("one", many)
    rig.work()
    rig.lists("one", many | A)
    assert rig.standing("one").waiting == 1
    assert kinds(rig) == [("create", "a.example.")]


def test_one_who_begins_anew_writes_only_what_differs(rig: Rig) -> None:
    rig.lists("one", A | B)
    rig.work()
    anew = Rig(rig)
    anew.lists("one", B | {"c.example.": Listed("m3")})
    assert sorted(kinds(anew)) == [("create", "c.example."), ("delete", "a.example.")]


def test_nothing_is_deleted_before_a_primary_confirms_the_list(rig: Rig) -> None:
    rig.lists("one", A | B)
    rig.work()
    anew = Rig(rig)
    anew.plans.lists(ONE, "1", {**B, "c.example.": Listed("m3")})
    assert kinds(anew) == [("create", "c.example.")]
    assert anew.plans.postponed
    anew.plans.confirm(ONE, False)
    assert kinds(anew) == []
    anew.plans.confirm(ONE, True)
    assert not anew.plans.postponed
    assert kinds(anew) == [("delete", "a.example.")]


def test_another_label_is_written_to_the_same_object(rig: Rig) -> None:
    rig.lists("one", A)
    rig.work()
    before = rig.get("a.example")
    assert before is not None
    rig.lists("one", {"a.example.": Listed("other")})
    assert kinds(rig) == [("change", "a.example.")]
    after = rig.get("a.example")
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    node = after["metadata"]["annotations"]["dnsfleet.io/catalog-member"]
    assert node == "other.zones.one.test."


def test_another_template_changes_all(rig: Rig) -> None:
    rig.lists("one", A | B)
    rig.work()
    rig.put(catalog("one", key="another"))
    assert kinds(rig) == [("change", "a.example."), ("change", "b.example.")]
    found = rig.get("b.example")
    assert found is not None
    assert found["spec"]["source"]["transfer"]["tsigKey"] == {"name": "another"}


def test_what_people_change_or_delete_comes_back(rig: Rig) -> None:
    rig.lists("one", A)
    rig.work()
    found = rig.get("a.example")
    assert found is not None
    rig.put({**found, "spec": {"origin": "a.example", "records": []}})
    assert kinds(rig) == [("change", "a.example.")]
    rig.delete(Reference("Zone", NAMESPACE, "a.example"))
    assert kinds(rig) == [("create", "a.example.")]


def test_a_zone_of_somebody_else_is_handed_over_as_the_refusal_says(rig: Rig) -> None:
    rig.put(zone("a.example", "a.example", labels={"team": "x"}))
    rig.lists("one", A)
    assert kinds(rig) == []
    ((_, refusal),) = rig.standing("one").named
    label, node = "dnsfleet.io/catalog=one", "dnsfleet.io/catalog-member=m1.zones.one.test."
    assert refusal.message.endswith(f"with the label {label} and the annotation {node}")
    given = {
        "labels": {"team": "x", **dict([label.split("=")])},
        "annotations": dict([node.split("=")]),
    }
    rig.put(zone("a.example", "a.example", **given))
    assert kinds(rig) == [("change", "a.example.")]
    assert rig.standing("one").refused == 0
    rig.lists("one", {})
    assert kinds(rig) == [("delete", "a.example.")]


@pytest.mark.parametrize(
    ("name", "origin", "reason"),
    [("mine", "a.example", "OriginTaken"), ("a.example", "other.example", "NameTaken")],
)
def test_a_zone_of_somebody_else_is_left_alone(
    rig: Rig, name: str, origin: str, reason: str
) -> None:
    rig.put(zone(name, origin))
    before = rig.get(name)
    rig.lists("one", A)
    assert kinds(rig) == []
    assert rig.get(name) is before
    ((refused, refusal),) = rig.standing("one").named
    assert (refused, refusal.reason) == ("a.example.", reason)
    assert f"Zone dns/{name}" in refusal.message
    rig.lists("one", {})
    assert kinds(rig) == []
    assert rig.get(name) is before
    rig.lists("one", A)
    assert kinds(rig) == []
    rig.delete(Reference("Zone", NAMESPACE, name))
    assert kinds(rig) == [("create", "a.example.")]
    assert rig.standing("one").refused == 0


def test_the_first_of_two_catalogs_keeps_a_member(rig: Rig) -> None:
    rig.put(catalog("two"))
    rig.lists("one", A)
    rig.work()
    rig.lists("two", {"a.example.": Listed("x")})
    assert kinds(rig) == []
    ((_, refusal),) = rig.standing("two").named
    assert refusal.reason == "MemberOfOther"
    assert "m1.zones.one.test." in refusal.message
    rig.lists("one", {})
    assert kinds(rig) == [("delete", "a.example."), ("create", "a.example.")]
    found = rig.get("a.example")
    assert found is not None
    assert found["metadata"]["labels"]["dnsfleet.io/catalog"] == "two"


@pytest.mark.parametrize("label", ["m1", "another"])
def test_a_member_moves_where_its_catalog_says_so(rig: Rig, label: str) -> None:
    rig.put(catalog("two"))
    rig.lists("one", A)
    rig.lists("two", {"a.example.": Listed(label)})
    rig.work()
    before = rig.get("a.example")
    assert before is not None
    assert rig.standing("two").refused == 1
    rig.lists("one", {"a.example.": Listed("m1", moves_to="two.test.")})
    assert kinds(rig) == [("change", "a.example.")]
    after = rig.get("a.example")
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["labels"]["dnsfleet.io/catalog"] == "two"
    rig.lists("one", {})
    assert kinds(rig) == []
    assert rig.standing("two") == (1, 1, 0, 0, ())


def test_catalogs_that_send_a_member_to_each_other_do_not_write_in_turn(rig: Rig) -> None:
    rig.put(catalog("two"))
    rig.lists("one", {"a.example.": Listed("m1", moves_to="two.test.")})
    rig.lists("two", {"a.example.": Listed("m2", moves_to="one.test.")})
    assert kinds(rig) == [("create", "a.example.")]
    rig.lists("two", {"a.example.": Listed("m2")})
    assert kinds(rig) == [("change", "a.example.")]
    found = rig.get("a.example")
    assert found is not None
    assert found["metadata"]["labels"]["dnsfleet.io/catalog"] == "two"


def test_a_catalog_gets_nothing_of_its_namesake_by_naming_itself(rig: Rig) -> None:
    rig.lists("one", A)
    rig.work()
    other = catalog("one")
    other["spec"]["origin"] = "another.test"
    rig.put(other, anew=True)
    rig.lists("one", {"a.example.": Listed("m1", moves_to="another.test.")})
    assert kinds(rig) == []
    ((_, refusal),) = rig.standing("one").named
    assert refusal.reason == "MemberOfOther"


def test_a_member_whose_zone_would_have_the_name_of_another_one_is_refused(rig: Rig) -> None:
    name = member_zones.name_of("_a.example.")
    rig.lists("one", {"_a.example.": Listed("m1")})
    rig.work()
    rig.lists("one", {"_a.example.": Listed("m1"), f"{name}.": Listed("m2")})
    assert kinds(rig) == []
    ((origin, refusal),) = rig.standing("one").named
    assert (origin, refusal.reason) == (f"{name}.", "NameTaken")
    rig.lists("one", {f"{name}.": Listed("m2")})
    assert kinds(rig) == [("delete", "_a.example."), ("create", f"{name}.")]


def test_zones_of_a_catalog_that_is_deleted_stay(rig: Rig) -> None:
    rig.lists("one", A)
    rig.work()
    rig.delete(ONE)
    assert kinds(rig) == []
    assert rig.get("a.example") is not None
    other = catalog("one")
    other["spec"]["origin"] = "another.test"
    rig.put(other)
    rig.lists("one", {})
    assert kinds(rig) == []
    assert rig.get("a.example") is not None


def test_a_catalog_that_is_made_again_deletes_only_what_it_listed_itself(rig: Rig) -> None:
    rig.lists("one", A | B)
    rig.work()
    rig.delete(ONE)
    rig.put(catalog("one"))
    rig.lists("one", B)
    assert kinds(rig) == [("change", "b.example.")]
    assert rig.get("a.example") is not None
    rig.lists("one", A)
    assert kinds(rig) == [("change", "a.example."), ("delete", "b.example.")]
    anew = Rig(rig)
    anew.lists("one", {})
    assert kinds(anew) == [("delete", "a.example.")]


def test_a_catalog_that_is_made_anew_lists_nothing_yet(rig: Rig) -> None:
    rig.lists("one", A, revision="1.1")
    rig.work()
    other = catalog("one")
    other["spec"]["origin"] = "another.test"
    rig.put(other, anew=True)
    assert rig.plans.standing(ONE) is None
    assert rig.plans.revision(ONE) == ""
    assert kinds(rig) == []


def test_an_origin_that_cannot_be_is_told(rig: Rig) -> None:
    rig.lists("one", A | {"xn---.example.": Listed("m9")})
    assert kinds(rig) == [("create", "a.example.")]
    ((origin, refusal),) = rig.standing("one").named
    assert (origin, refusal.reason) == ("xn---.example.", "InvalidZone")


def test_what_the_api_server_refused_is_tried_again(rig: Rig) -> None:
    rig.lists("one", A)
    step = rig.plans.look()
    assert step is not None
    rig.plans.failed(step, Refusal(WRITE_FAILED, "no"))
    assert rig.plans.look() is None
    assert rig.standing("one")[:4] == (1, 0, 0, 1)
    assert rig.plans.failing
    rig.plans.retry(10)
    assert kinds(rig) == [("create", "a.example.")]
    assert not rig.plans.failing


def test_those_that_wait_longest_are_tried_first(rig: Rig) -> None:
    rig.lists("one", {f"{each}.example.": Listed(each) for each in "abcd"})
    tried = []
    for _ in range(8):
        if not rig.plans.waiting:
            rig.plans.retry(2)
        step = rig.plans.look()
        assert step is not None
        tried.append(step.origin[0])
        rig.plans.failed(step, Refusal(WRITE_FAILED, "no"))
    assert tried == list("abcdabcd")
