"""Which changes are held, and that an approval is for one change only."""

import pytest
from dnsfleet.zones import building, plans, serials
from dnsfleet_engine import Zone
from support import yaml_resources
from support.presigned_zones import signed
from support.zones import hosts, make_zone


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


ORIGIN = "example.com."
NSEC3 = [
    (f"{number:032}", "NSEC3", "1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG")
    for number in range(40)
]
SIGNED_CHANGES = {
    "is signed": (make_zone(ORIGIN, hosts(40)), signed(make_zone(ORIGIN, hosts(40))), ""),
    "is signed no more": (signed(make_zone(ORIGIN, hosts(40))), make_zone(ORIGIN, hosts(40)), ""),
    "is signed again": (
        signed(make_zone(ORIGIN, hosts(40), serial=1)),
        signed(make_zone(ORIGIN, hosts(40), serial=2), day=2),
        "",
    ),
    "loses hashed names": (
        make_zone(ORIGIN, [*hosts(40), *NSEC3, ("@", "NSEC3PARAM", "1 0 0 -")]),
        make_zone(ORIGIN, hosts(40)),
        "",
    ),
    "loses some": (signed(make_zone(ORIGIN, hosts(40))), signed(make_zone(ORIGIN, hosts(29))), ""),
    "loses many": (
        signed(make_zone(ORIGIN, hosts(40))),
        signed(make_zone(ORIGIN, hosts(20))),
        "removes 20 of 42 RRsets",
    ),
    "loses many and is signed": (
        make_zone(ORIGIN, hosts(40)),
        signed(make_zone(ORIGIN, hosts(20))),
        "removes 20 of 42 RRsets",
    ),
    "loses all": (
        signed(make_zone(ORIGIN, hosts(3))),
        signed(make_zone(ORIGIN, [("@", "CDS", "0 0 0 00")])),
        "removes 3 of 5 RRsets",
    ),
}


@pytest.mark.parametrize(("old", "new", "held"), SIGNED_CHANGES.values(), ids=SIGNED_CHANGES)
def test_what_signing_makes_does_not_count(old: Zone, new: Zone, held: str) -> None:
    violation = plans.unsafe(old, new, plans.change(old, new))
    assert (violation is not None) is bool(held)
    assert violation is None or held in violation.message


def test_an_approval_outlives_that_the_zone_is_signed_again() -> None:
    old = signed(make_zone(ORIGIN, hosts(40), serial=1))
    new = [signed(make_zone(ORIGIN, hosts(5), serial=day), day) for day in (2, 3)]
    changes = [plans.change(old, each) for each in new]
    assert changes[0].payload != changes[1].payload
    assert plans.approved(plans.plan_hash(changes[0]), changes[1])
    other = plans.change(old, signed(make_zone(ORIGIN, hosts(6), serial=2)))
    assert not plans.approved(plans.plan_hash(changes[0]), other)


def test_the_serial_of_a_signed_zone_is_a_part_of_the_change() -> None:
    old, new = (make_zone(ORIGIN, hosts(3), serial) for serial in (1, 2))
    delta = plans.change(old, new)
    assert delta.added + delta.removed + delta.changed == 0
    delta = plans.change(signed(old), signed(new))
    assert signed(old).apply(delta.payload).digest == signed(new).digest


STALE = [
    # published, signed with, what the message proposes
    (1, 2, None),
    (1, 1, 2),
    (2, 1, 3),
    (0, 0, 1),
    (0, 1, None),
    (serials.MODULUS - 1, 0, None),
    (serials.MODULUS - 1, serials.MODULUS - 2, 1),
    (1, serials.HALF, None),
    (1, serials.HALF + 1, 2),
    (1, serials.HALF + 2, 2),
]


@pytest.mark.parametrize(("published", "serial", "proposed"), STALE)
def test_a_signed_zone_needs_a_higher_serial(
    published: int, serial: int, proposed: int | None
) -> None:
    plain = make_zone(ORIGIN, hosts(1), serial)
    assert plans.stale(published, plain) is None, "publishing gives it a serial"
    violation = plans.stale(published, signed(plain))
    kept = plans.stale(published, plain, keeps_serial=True)
    if proposed is None:
        assert violation is None and kept is None
        return
    assert violation is not None and kept is not None
    assert (kept.reason, kept.message) == (
        "SerialNotHigher",
        f"what its primaries have has the serial {serial}, and other content is published with "
        f"serial {published}; raise it there, such as to {proposed}",
    )
    assert violation.reason == "SerialNotHigher"
    assert violation.message == (
        f"the zone is signed with serial {serial}, and other content is published with serial "
        f"{published}; sign it with a higher serial, such as {proposed}"
    )
