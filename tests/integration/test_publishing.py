"""Passes of the publisher on a real Valkey."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import keys, manifests
from dnsfleet.replication.manifests import FleetHead, Manifest
from dnsfleet.zones import plans
from dnsfleet.zones.parts import Parts
from dnsfleet.zones.placements import Fleet
from dnsfleet_engine import Delta, Zone
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.publishing import BULK_RECORDS, Desired, Outcome, Publisher, State
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import Fenced
from support.presigned_zones import signed
from support.valkey import Valkey
from support.zones import hosts, make_zone

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
A, B = "a.example.", "b.example."
NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    running = Valkey(tmp_path_factory.mktemp("core"))
    running.start()
    yield running
    running.kill()


@pytest.fixture
def admin(server: Valkey) -> Iterator[redis.Redis]:
    with server.client() as client:
        client.flushall()
        yield client


Open = Callable[[str], redis.Redis]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Clients that are closed at the end."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(connect(url))


@pytest.fixture
def store(server: Valkey, admin: redis.Redis, opened: Open) -> RecordStore:
    return RecordStore(CoreRedis(opened(server.url)), KEY, lambda: NOW)


@pytest.fixture
def publisher(store: RecordStore) -> Publisher:
    return Publisher(store)


def want(**counts: int) -> dict[str, Desired]:
    """`a=3` wants a.example. with three hosts."""
    return {
        f"{name}.example.": Desired(make_zone(f"{name}.example.", hosts(count)))
        for name, count in counts.items()
    }


def states(publisher: Publisher, desired: dict[str, Desired], **options: bool) -> list[State]:
    outcomes = publisher.reconcile(desired, complete=options.get("complete", True))
    return [outcomes[origin].state for origin in sorted(outcomes)]


def head(admin: redis.Redis) -> FleetHead | None:
    signed = admin.get(keys.FLEET)
    assert signed is None or isinstance(signed, bytes)
    return None if signed is None else manifests.verify_fleet(signed, [KEY.public_key()])


def stored(admin: redis.Redis, origin: str) -> Manifest:
    signed = admin.get(keys.manifest(origin))
    assert isinstance(signed, bytes)
    return manifests.verify(signed, [KEY.public_key()])


def test_a_pass_publishes_what_differs_and_says_what_is_complete(
    publisher: Publisher, admin: redis.Redis
) -> None:
    assert states(publisher, want(a=3, b=3)) == [State.PUBLISHED, State.PUBLISHED]
    first = head(admin)
    assert first is not None
    assert first.zones == 2
    assert states(publisher, want(a=3, b=4)) == [State.UNCHANGED, State.PUBLISHED]
    assert head(admin) == first, "the same zones are live, so nothing is said again"
    outcomes = publisher.reconcile(want(a=3, b=4), complete=True)
    assert outcomes[B].manifest == stored(admin, B)
    assert outcomes[B].state is State.UNCHANGED


def test_a_pass_that_is_not_complete_is_not_said_to_be(
    publisher: Publisher, admin: redis.Redis
) -> None:
    assert states(publisher, want(a=3), complete=False) == [State.PUBLISHED]
    assert head(admin) is None


def test_what_nobody_wants_any_more_stays_until_it_is_removed(
    publisher: Publisher, admin: redis.Redis
) -> None:
    states(publisher, want(a=3, b=3))
    assert states(publisher, want(a=3)) == [State.UNCHANGED]
    assert not stored(admin, B).tombstone
    outcomes = publisher.reconcile(want(a=3), complete=True, remove={B})
    assert outcomes[B].state is State.REMOVED
    assert stored(admin, B).tombstone
    now = head(admin)
    assert now is not None
    assert now.zones == 1


def test_an_unsafe_plan_is_held_until_its_hash_is_approved(
    publisher: Publisher, store: RecordStore, admin: redis.Redis
) -> None:
    publisher.reconcile(want(a=50), complete=True)
    before = stored(admin, A)
    small = make_zone(A, hosts(10))
    outcome = publisher.reconcile({A: Desired(small)}, complete=True)[A]
    assert (outcome.state, outcome.reason) == (State.HELD, "UnsafePlan")
    assert "removes 40 of 52 RRsets" in outcome.message
    assert (len(outcome.diff), outcome.diff[0]) == (10, "- host10.a.example. 300 A 10.0.0.10")
    assert outcome.manifest == before == stored(admin, A)
    now = head(admin)
    assert now is not None
    assert now.zones == 1
    assert publisher.reconcile({A: Desired(small, None, "other")}, True)[A].state is State.HELD
    published = store.load(A)
    assert published is not None
    approve = plans.plan_hash(plans.change(published, small))
    outcome = publisher.reconcile({A: Desired(small, None, approve)}, True)[A]
    assert outcome.state is State.PUBLISHED
    assert outcome.manifest == stored(admin, A) != before


def test_a_part_that_lost_most_is_measured_by_what_was_published(
    publisher: Publisher, store: RecordStore
) -> None:
    def outcome(count: int, part: int, approve: str | None = None) -> Outcome:
        parts = Parts((("f", 100), ("i", part)))
        desired = Desired(make_zone(A, hosts(count)), None, approve, parts)
        return publisher.reconcile({A: desired}, complete=True)[A]

    assert outcome(100, 30).state is State.PUBLISHED
    held = outcome(97, 15)
    assert (held.state, held.reason) == (State.HELD, "UnsafePlan")
    assert "removes 3 of 102 RRsets and i has lost 15 of 30 records; if" in held.message
    # What was held, and is a little different now, is no measure.
    assert outcome(96, 14).state is State.HELD
    assert outcome(97, 29).state is State.PUBLISHED
    assert outcome(94, 15, plans.plan_hash(_change(store, 94))).state is State.PUBLISHED
    assert outcome(93, 14).state is State.PUBLISHED
    assert outcome(100, 0).state is State.PUBLISHED, "nothing is removed"
    again = Publisher(store)
    desired = Desired(make_zone(A, hosts(97)), None, None, Parts((("f", 1), ("i", 0))))
    assert again.reconcile({A: desired}, complete=True)[A].state is State.PUBLISHED


def _change(store: RecordStore, count: int) -> Delta:
    old = store.load(A)
    assert old is not None
    return plans.change(old, make_zone(A, hosts(count)))


def test_a_core_that_came_back_empty_is_filled_again(
    publisher: Publisher, admin: redis.Redis
) -> None:
    publisher.reconcile(want(a=50, b=3, c=3), complete=True)
    publisher.reconcile(want(a=50, b=3), complete=True, remove={"c.example."})
    before = {origin: stored(admin, origin) for origin in (A, B, "c.example.")}
    admin.flushall()
    small = make_zone(A, hosts(10))
    outcomes = publisher.reconcile({A: Desired(small), B: want(b=3)[B]}, complete=True)
    assert outcomes[A].state is State.HELD, "an empty core is no reason to skip the brake"
    assert outcomes[B].state is State.PUBLISHED
    for origin, manifest in before.items():
        again = stored(admin, origin)
        assert again.revision > manifest.revision
        assert (again.tombstone, again.rrsets) == (manifest.tombstone, manifest.rrsets)
    now = head(admin)
    assert now is not None
    assert now.zones == 2
    assert states(publisher, want(b=3)) == [State.UNCHANGED]


def test_a_core_that_went_back_is_brought_forward(
    opened: Open, publisher: Publisher, store: RecordStore, admin: redis.Redis
) -> None:
    publisher.reconcile(want(a=3), complete=True)
    old = {
        key: admin.dump(key)
        for key in admin.scan_iter(match=keys.PREFIX + "*")  # what a backup would hold
    }
    newer = RecordStore(CoreRedis(opened(store_url(admin))), KEY, lambda: NOW + 5)
    follower = Publisher(newer)
    follower.reconcile(want(a=4), complete=True)
    follower.reconcile(want(a=5), complete=True)
    before = stored(admin, A)
    admin.flushall()
    for key, value in old.items():
        admin.restore(key, 0, value)  # type: ignore[arg-type]
    assert states(follower, want(a=5)) == [State.PUBLISHED]
    assert stored(admin, A).revision > before.revision
    assert stored(admin, A).rrsets == before.rrsets


def store_url(admin: redis.Redis) -> str:
    settings = admin.connection_pool.connection_kwargs
    return f"redis://{settings['host']}:{settings['port']}"


def test_a_restarted_publisher_changes_nothing_that_is_right(
    opened: Open, publisher: Publisher, server: Valkey, admin: redis.Redis
) -> None:
    publisher.reconcile(want(a=3, b=3), complete=True)
    before = stored(admin, A)
    restarted = RecordStore(CoreRedis(opened(server.url)), KEY, lambda: NOW)
    assert restarted.load(A) is not None, "reading needs no claim"
    again = Publisher(restarted)
    assert states(again, want(a=3, b=4)) == [State.UNCHANGED, State.PUBLISHED]
    assert stored(admin, A) == before
    with pytest.raises(Fenced):
        publisher.reconcile(want(a=3), complete=True)


def test_a_zone_that_fails_does_not_stop_the_others(
    publisher: Publisher, admin: redis.Redis
) -> None:
    publisher.reconcile(want(a=3, b=3), complete=True)
    other: Zone = make_zone(B, hosts(3))
    outcomes = publisher.reconcile({A: Desired(other), B: want(b=5)[B]}, complete=True)
    assert (outcomes[A].state, outcomes[A].reason) == (State.FAILED, "PublishFailed")
    assert outcomes[A].manifest == stored(admin, A)
    now = head(admin)
    assert now is not None
    assert now.zones == 2, "an empty edge has to wait for it"
    assert outcomes[B].state is State.PUBLISHED
    assert stored(admin, A).rrsets == 5
    outcomes = publisher.reconcile({"new.example.": Desired(other)}, complete=False)
    assert outcomes["new.example."].message == f"the zone is {B}, not new.example."


def test_a_core_that_is_away_fails_the_pass_and_the_next_one_works(
    opened: Open, tmp_path: Path
) -> None:
    core = Valkey(tmp_path / "core")
    publisher = Publisher(RecordStore(CoreRedis(opened(core.url)), KEY, lambda: NOW))
    outcomes = publisher.reconcile(want(a=3, b=3), complete=True, remove={"c.example."})
    assert {outcome.state for outcome in outcomes.values()} == {State.FAILED}
    assert {outcome.reason for outcome in outcomes.values()} == {"StoreUnavailable"}
    assert f"core Redis 127.0.0.1:{core.port}: cannot be reached" in outcomes[A].message
    core.start()
    try:
        assert states(publisher, want(a=3, b=3)) == [State.PUBLISHED, State.PUBLISHED]
        before = publisher.reconcile(want(a=3, b=3), complete=True)
        core.kill()
        outcomes = publisher.reconcile(want(a=3, b=4), complete=True)
        assert {outcome.state for outcome in outcomes.values()} == {State.FAILED}
        for origin, outcome in outcomes.items():
            assert outcome.manifest == before[origin].manifest, "edges serve it as before"
        core.start()
        assert states(publisher, want(a=3, b=4)) == [State.PUBLISHED, State.PUBLISHED]
    finally:
        core.kill()


def test_a_signed_zone_keeps_its_serial_through_an_empty_core(
    publisher: Publisher, store: RecordStore, admin: redis.Redis
) -> None:
    zone = signed(make_zone(A, hosts(3), serial=7))
    assert states(publisher, {A: Desired(zone)}) == [State.PUBLISHED]
    before = stored(admin, A)
    admin.flushall()
    assert states(publisher, {A: Desired(zone)}) == [State.PUBLISHED]
    again = stored(admin, A)
    assert again.revision > before.revision
    assert (again.serial, again.digest) == (7, zone.digest)
    assert states(publisher, {A: Desired(zone)}) == [State.UNCHANGED]
    published = store.load(A)
    assert published is not None
    assert published.digest == zone.digest


def test_a_signed_zone_is_held_until_its_serial_is_higher(
    publisher: Publisher, admin: redis.Redis
) -> None:
    publisher.reconcile({A: Desired(signed(make_zone(A, hosts(3), serial=7))), **want(b=3)}, True)
    before = stored(admin, A)
    for serial in (7, 6, 7 + 2**31):
        other = signed(make_zone(A, hosts(4), serial=serial))
        outcomes = publisher.reconcile({A: Desired(other), **want(b=4 + serial % 5)}, True)
        held = outcomes[A]
        assert (held.state, held.reason) == (State.HELD, "SerialNotHigher")
        assert f"signed with serial {serial}, and " in held.message
        assert held.manifest == before == stored(admin, A)
        assert outcomes[B].state is State.PUBLISHED, "it holds no other zone"
    admin.flushall()
    held = publisher.reconcile({A: Desired(other)}, True)[A]
    assert (held.state, held.reason) == (State.HELD, "SerialNotHigher")
    assert stored(admin, A).digest == before.digest, "what was published is, again"
    higher = signed(make_zone(A, hosts(4), serial=8))
    assert publisher.reconcile({A: Desired(higher)}, True)[A].state is State.PUBLISHED
    assert stored(admin, A).digest == higher.digest


def test_a_signed_zone_is_signed_again_without_an_approval(
    publisher: Publisher, admin: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    plain = make_zone(A, hosts(50))
    publisher.reconcile({A: Desired(plain)}, complete=True)
    serial = stored(admin, A).serial
    for day in (1, 2):
        zone = signed(make_zone(A, hosts(50), serial=serial + day), day)
        assert publisher.reconcile({A: Desired(zone)}, True)[A].state is State.PUBLISHED
        assert stored(admin, A).digest == zone.digest
    assert caplog.messages == []
    assert publisher.reconcile({A: Desired(plain)}, True)[A].state is State.PUBLISHED
    assert caplog.messages == [f"{A} is signed no more: with a DS at its parent it is bogus"]
    assert stored(admin, A).serial == serial + 3
    small = signed(make_zone(A, hosts(10), serial=serial + 9))
    assert publisher.reconcile({A: Desired(small)}, True)[A].reason == "UnsafePlan"


def placed(
    publisher: Publisher, pops: tuple[str, ...] | None, count: int = 3, approve: str = ""
) -> Outcome:
    """What a pass makes of a zone with so many hosts that is wanted at these of four Pops."""
    desired = {A: Desired(make_zone(A, hosts(count)), pops, approve)}
    return publisher.reconcile(desired, complete=True, fleet=Fleet(frozenset(FOUR)))[A]


FOUR = ("ams", "fra", "iad", "sin")


@pytest.mark.parametrize("before", [FOUR, None])
def test_a_placement_is_held_and_the_records_go_on(
    publisher: Publisher, admin: redis.Redis, before: tuple[str, ...] | None
) -> None:
    placed(publisher, before)
    outcome = placed(publisher, ("ams",), count=4)
    assert outcome.state is State.PUBLISHED
    assert (stored(admin, A).pops, stored(admin, A).rrsets) == (before, 6)
    assert outcome.placement is not None
    assert placed(publisher, ("ams",), count=4).state is State.UNCHANGED
    approve = f"another, {outcome.placement.hash}"
    outcome = placed(publisher, ("ams",), count=4, approve=approve)
    assert (outcome.state, outcome.placement) == (State.PUBLISHED, None)
    assert stored(admin, A).pops == ("ams",)


def test_pops_that_are_taken_away_one_by_one_are_one_change(
    publisher: Publisher, admin: redis.Redis
) -> None:
    for pops in (FOUR, FOUR[1:], FOUR[2:]):
        assert placed(publisher, pops).placement is None
    for pops in (FOUR[3:], ()):
        assert placed(publisher, pops).placement is not None
        assert stored(admin, A).pops == FOUR[2:]
    assert placed(publisher, FOUR).placement is None
    assert stored(admin, A).pops == FOUR


def test_a_held_plan_and_a_held_placement_are_told_and_approved_apart(
    publisher: Publisher, admin: redis.Redis
) -> None:
    placed(publisher, FOUR, count=50)
    outcome = placed(publisher, (), count=10)
    assert outcome.state is State.HELD
    assert outcome.placement is not None
    assert placed(publisher, (), 10, outcome.placement.hash).state is State.HELD
    assert placed(publisher, (), 10, outcome.plan).state is State.PUBLISHED
    assert (stored(admin, A).pops, stored(admin, A).rrsets) == (FOUR, 12)


def test_what_is_written_again_while_a_placement_is_held_stays_held(
    publisher: Publisher, admin: redis.Redis
) -> None:
    placed(publisher, FOUR)
    hold = placed(publisher, ()).placement
    admin.flushall()
    outcome = placed(publisher, ())
    assert outcome.placement == hold is not None
    assert stored(admin, A).pops == FOUR


def test_small_changes_of_a_pass_come_before_bulk_loads(publisher: Publisher) -> None:
    publisher.reconcile(want(b=BULK_RECORDS + 5), complete=False)
    many = BULK_RECORDS + 1
    outcomes = publisher.reconcile(want(a=many, d=300, b=many, c=1), complete=True)
    published = {origin: each.manifest.lsn for origin, each in outcomes.items() if each.manifest}
    order = sorted(published, key=lambda origin: published[origin])
    assert order == ["d.example.", "b.example.", "c.example.", "a.example."]
