"""Whose change waits, from what each owner would lose."""

import pytest
from dnsfleet.resources import Reference
from dnsfleet.zones import owner_plans, plans
from dnsfleet.zones.owner_plans import MADE_BY_SIGNING, OwnerHold
from support.zones import make_zone

ZONE, *TEAMS = (Reference("Zone", "dns", "a"), *(Reference("RecordSet", "t", x) for x in "bcd"))
B, C, D = TEAMS


def lost(**counts: int) -> owner_plans.Removed:
    owners = {"zone": ZONE, "b": B, "c": C, "d": D}
    return {owners[o]: {(f"{o}{n}.", "A") for n in range(count)} for o, count in counts.items()}


@pytest.mark.parametrize(
    ("counts", "before", "approved", "doubtful", "held"),
    [
        ({"b": 20}, 42, set(), None, {B}),
        ({"b": 20, "c": 3}, 42, set(), None, {B}),
        ({"b": 20, "c": 8, "d": 8}, 42, set(), None, {B, C, D}),
        ({"b": 8, "c": 8}, 42, set(), None, {B, C}),
        ({"b": 8, "c": 8}, 42, {B}, None, {C}),
        ({"b": 9, "c": 8, "d": 1}, 42, set(), None, {B}),
        ({"b": 9, "c": 8, "d": 5}, 42, set(), None, {B, C}),
        ({"b": 20, "c": 3}, 42, {B}, None, set()),
        ({"b": 20, "zone": 20}, 42, {B}, None, {ZONE}),
        ({"b": 10, "c": 1}, 100, set(), None, set()),
        ({"zone": 1, "c": 1}, 100, set(), ZONE, {ZONE}),
        ({"b": 1, "c": 1}, 4, set(), None, {B, C}),
        ({}, 42, set(), ZONE, set()),
    ],
)
def test_who_waits(
    counts: dict[str, int],
    before: int,
    approved: set[Reference],
    doubtful: Reference | None,
    held: set[Reference],
) -> None:
    left = before - sum(counts.values())
    assert owner_plans.to_hold(lost(**counts), before, left, approved, doubtful) == held


def hold(owner: Reference, digest: str) -> OwnerHold:
    return OwnerHold(owner, digest, "it removes much", ())


def test_an_approval_counts_on_the_object_its_zone_and_the_fleet() -> None:
    holds, none = (hold(B, "1" * 16), hold(C, "2" * 16)), frozenset[str]()
    own = {B: {"1" * 16, "2" * 16}}
    assert owner_plans.approved(holds, none, none, own) == {B}
    assert owner_plans.approved(holds, {"2" * 16}, none, {}) == {C}
    assert owner_plans.approved(holds, none, {"2" * 16}, {}) == {C}
    together = owner_plans.hash_of_all(holds)
    assert owner_plans.approved(holds, {together}, none, {}) == {B, C}
    assert owner_plans.approved(holds, none, {together}, {}) == set()
    beside = (hold(ZONE, "3" * 16), *holds)
    assert owner_plans.approved(beside, {together}, none, {}) == {B, C}
    assert owner_plans.approved(beside, {"3" * 16}, none, {}) == {ZONE}
    waits = hold(D, "4" * 16)._replace(blocked=True)
    assert owner_plans.approved((*holds, waits), {together, "4" * 16}, none, {}) == {B, C}


def test_what_went_by_an_approval_counts_in_the_sum_alone() -> None:
    assert owner_plans.to_hold(lost(c=8), 42, 30, went=5) == {C}
    assert owner_plans.to_hold(lost(c=8), 42, 30, went=2) == set()
    assert owner_plans.to_hold(lost(b=20, c=8), 42, 14, went=2) == {B}


def test_what_went_counts_for_those_alone_that_wait_since_then() -> None:
    def to_hold(went: int, together: int, **counts: int) -> frozenset[Reference]:
        return owner_plans.to_hold(lost(**counts), 30, 20, went=went, since={C}, together=together)

    assert to_hold(5, 42, c=8, d=1) == {C}
    assert to_hold(5, 44, c=8) == set(), "the share is of what was there then"
    assert to_hold(30, 42, c=1, d=9) == {C}
    assert to_hold(30, 42, d=10) == set()
    assert to_hold(0, 42, c=2, d=9) == {D}, "together they remove too much in one change"


def test_owner_and_zone_are_told_what_approves_it() -> None:
    own, zone = owner_plans.violations([hold(B, "1" * 16)], ZONE)
    assert (own.where, own.severity) == ("RecordSet t/b: spec", "error")
    assert (zone.where, zone.severity) == ("Zone dns/a: spec.recordSets", "warning")
    assert plans.asked_hash(own.message) == plans.asked_hash(zone.message) == "1" * 16
    assert "annotate the RecordSet" in own.message


def test_what_signing_makes_counts_for_nobody() -> None:
    assert {"DNSKEY", "RRSIG", "NSEC3", "CDS"} <= MADE_BY_SIGNING
    old = make_zone("a.", [("@", "CDS", "0 0 0 00"), ("h", "A", "192.0.2.1")])
    new = make_zone("a.", [])
    delta = plans.change(old, new)
    assert owner_plans.removed_by(delta, old, new, ZONE, {}) == {ZONE: {("h.a.", "A")}}
