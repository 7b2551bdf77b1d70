"""Which changes are held, and that an approval is for one change only."""

import pytest
from dnsfleet.zones import building, plans
from dnsfleet_engine import Zone
from support import yaml_resources


def zone_with(names: range | list[str], address: str = "192.0.2.1") -> Zone:
    records = [f"{{name: n{name}, type: A, data: [{address}]}}" for name in names]
    zone, violations = building.from_resources(
        yaml_resources.zone(f"{{records: [{', '.join(records)}]}}"), [], None
    )
    assert violations == []
    assert zone is not None
    return zone


CHANGES = [
    # names before, names after, held
    (range(100), range(100), False),
    (range(100), range(70), False),
    (range(100), range(69), True),
    (range(100), [], True),
    (range(20), range(10), False),
    (range(30), range(19), True),
    (range(11), range(1), False),
    (range(3), range(1), False),
    (range(3), [], True),
    (range(1), range(1, 2), False),
    (range(40), range(100, 140), True),
    ([], [], False),
    ([], range(5), False),
]


@pytest.mark.parametrize(("before", "after", "held"), CHANGES)
def test_what_is_held(before: range | list[str], after: range | list[str], held: bool) -> None:
    old, new = zone_with(before), zone_with(after)
    assert (plans.unsafe(old, new, plans.change(old, new)) is not None) is held


def test_changing_every_record_removes_none() -> None:
    old, new = zone_with(range(50)), zone_with(range(50), "192.0.2.2")
    assert plans.unsafe(old, new, plans.change(old, new)) is None


def test_the_message_says_how_to_approve() -> None:
    old, new = zone_with(range(3)), zone_with([])
    change = plans.change(old, new)
    violation = plans.unsafe(old, new, change)
    assert violation is not None
    digest = plans.plan_hash(change)
    assert violation.message == (
        "the change removes 3 of 5 RRsets; if that is meant, annotate the Zone with "
        f"dnsfleet.io/approve: {digest}"
    )
    assert plans.approved(digest, change)
    assert not plans.approved(None, change)


def test_the_hash_names_the_change_and_not_the_serial() -> None:
    old, new, other = zone_with(range(3)), zone_with([]), zone_with(range(1))
    digest = plans.plan_hash(plans.change(old, new))
    assert len(digest) == plans.HASH_DIGITS
    assert plans.plan_hash(plans.change(old.with_serial(7), new.with_serial(9))) == digest
    assert plans.plan_hash(plans.change(old, other)) != digest


def test_a_change_that_removes_little_is_held_while_there_is_a_doubt() -> None:
    old, new = zone_with(range(100)), zone_with(range(97))
    change = plans.change(old, new)
    assert plans.unsafe(old, new, change) is None
    violation = plans.unsafe(old, new, change, "hosts.inc is empty")
    assert violation is not None
    assert "removes 3 of 102 RRsets and hosts.inc is empty; if that is meant" in violation.message
    assert plans.unsafe(new, old, plans.change(new, old), "hosts.inc is empty") is None
