"""A core that is not as its writer left it: older, or without some keys, or behind its edges."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from dnsfleet.replication import acks, keys, manifests
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest
from dnsfleet.resources.zones import ZoneSource
from dnsfleet.zones import serials
from dnsfleet_engine import Zone
from dnsfleet_publisher.publishing import Desired, Publisher, State
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreError, StoreResetError
from support.core_servers import (
    KEY,
    OTHER,
    A,
    B,
    Clock,
    CoreServer,
    answers_lost,
    reopened,
    ttl,
)
from support.presigned_zones import signed
from support.zones import hosts, make_zone

Backup = Mapping[bytes, bytes]


def backup(server: CoreServer) -> Backup:
    """Every key, as the core's file has it."""
    names: Any = server.admin.keys("*")
    return {name: server.admin.dump(name) for name in names}  # type: ignore[misc]


def put_back(server: CoreServer, kept: Backup) -> None:
    """Have the core as it was."""
    server.admin.flushall()
    for name, value in kept.items():
        server.admin.restore(name, 0, value)


def stored(server: CoreServer, origin: str) -> Manifest:
    """The manifest that readers find."""
    signed = server.admin.get(keys.manifest(origin))
    assert isinstance(signed, bytes)
    return manifests.verify(signed, [KEY.public_key()])


def kept_chunks(server: CoreServer) -> set[str]:
    """The chunks that do not expire."""
    names: Any = [*server.admin.keys("*:snapshot:*"), *server.admin.keys("*:delta:*")]
    return {name.decode() for name in names if ttl(server, name.decode()) < 0}


def wanted(*numbers: int) -> dict[str, Desired]:
    """A, and B where there is a second number, with so many hosts each."""
    zones = zip((A, B), numbers, strict=False)
    return {origin: Desired(make_zone(origin, hosts(number))) for origin, number in zones}


def proof(manifest: Manifest, key: Any = KEY) -> dict[str, Ack]:
    """The ack of an edge that is ahead by this manifest."""
    signed = {manifest.zone: manifests.sign(manifest, key)}
    return {"fra/0": Ack(1, {}, 0, 1, ahead=signed, ahead_count=1)}


def test_a_core_that_went_back_within_a_term_is_found_and_mended(
    server: CoreServer, store: RecordStore
) -> None:
    publisher = Publisher(store)
    publisher.reconcile(wanted(1, 1), complete=True)
    kept = backup(server)
    newest = publisher.reconcile(wanted(2, 1), complete=True)[A].manifest
    untouched = stored(server, B)
    assert newest is not None
    put_back(server, kept)
    with pytest.raises(StoreResetError, match="it is not as it was left"):
        store.check()
    outcomes = publisher.reconcile(wanted(2, 1), complete=True, changed=[])
    assert outcomes[A].state is State.PUBLISHED
    assert stored(server, A).digest == newest.digest
    assert stored(server, A).revision > newest.revision
    assert stored(server, B) == untouched, "what the core still has is not written again"
    named = {*stored(server, A).chunk_keys(), *stored(server, B).chunk_keys()}
    assert kept_chunks(server) == named, "what the older core had of it goes"
    store.check()


def test_what_edges_said_of_the_core_before_proves_nothing_after(
    server: CoreServer, store: RecordStore
) -> None:
    publisher = Publisher(store)
    publisher.reconcile(wanted(1), complete=True)
    kept = backup(server)
    publisher.reconcile(wanted(2), complete=True)
    newest = store._trail.position
    total = store._trail._sum.total
    assert store.positions.has(newest, total)
    put_back(server, kept)
    publisher.reconcile(wanted(2), complete=True, changed=[])
    assert not store.positions.has(newest, total)


@pytest.mark.parametrize("gone", ["manifest", "chunk", "index"])
def test_a_key_that_was_deleted_is_written_again(
    server: CoreServer, store: RecordStore, gone: str
) -> None:
    publisher = Publisher(store)
    publisher.reconcile(wanted(1, 1), complete=True)
    made, other = stored(server, A), stored(server, B)
    match gone:
        case "manifest":
            server.admin.delete(keys.manifest(A))
        case "chunk":
            server.admin.delete(made.chunk_keys()[0])
        case _:
            server.admin.hdel(keys.ZONES, A)
    assert any(store.audit() for _ in range(2))
    assert set(store.outdated) == {A}
    publisher.reconcile(wanted(1, 1), complete=True, changed=[])
    assert stored(server, A).digest == made.digest
    assert stored(server, A).revision > made.revision
    assert stored(server, B) == other
    assert not any(store.audit() for _ in range(2))
    assert kept_chunks(server) == {*stored(server, A).chunk_keys(), *other.chunk_keys()}


def test_a_zone_that_an_edge_cannot_load_is_audited_first(
    server: CoreServer, store: RecordStore
) -> None:
    publisher = Publisher(store)
    publisher.reconcile(wanted(1, 1), complete=True)
    store.audit()
    server.admin.delete(*stored(server, B).chunk_keys())
    store.hear({"fra/0": Ack(1, {B: "1 of 1 chunks are missing"}, 1, 1)})
    assert store.audit()
    assert set(store.outdated) == {B}


@pytest.mark.parametrize("years", [0, 10])
def test_what_an_edge_has_newer_is_published_above(
    server: CoreServer, store: RecordStore, clock: Clock, years: int
) -> None:
    """Core and objects come from a backup, and the writer begins anew."""
    clock.now += years * 365 * 86400
    store = reopened(server, clock)
    Publisher(store).reconcile(wanted(1, 1), complete=True)
    kept = backup(server)
    newer = Publisher(store).reconcile(wanted(2, 1), complete=True)[A].manifest
    assert newer is not None
    put_back(server, kept)
    clock.now -= years * 365 * 86400
    heir = reopened(server, clock)
    publisher = Publisher(heir)
    assert publisher.reconcile(wanted(1, 1), complete=True)[A].state is State.UNCHANGED
    untouched = stored(server, B)
    assert heir.hear(proof(newer))
    publisher.reconcile(wanted(1, 1), complete=True, changed=[])
    assert stored(server, A).revision > newer.revision
    assert serials.compare(stored(server, A).serial, newer.serial) == 1, "clients have seen it"
    assert stored(server, A).rrsets == untouched.rrsets
    assert stored(server, B) == untouched
    assert not heir.hear(proof(newer)), "it is published above that now"
    assert not heir.outdated


def as_signed(zone: Zone) -> Desired:
    return Desired(signed(zone))


def as_transferred(zone: Zone) -> Desired:
    transfer = {"primaries": [{"address": "192.0.2.1"}], "tsigKey": {"name": "k"}}
    return Desired(zone, source=ZoneSource.model_validate({"transfer": transfer}))


@pytest.mark.parametrize(
    ("count", "serial", "held", "then"),
    [(2, 9, False, (2, 9)), (1, 7, False, (1, 7)), (3, 9, True, (1, 7)), (3, 10, False, (3, 10))],
    ids=["what the edge has", "what the core has", "not higher", "higher"],
)
@pytest.mark.parametrize("made", [as_signed, as_transferred])
def test_a_zone_with_a_serial_of_its_own_that_an_edge_has_newer(
    server: CoreServer,
    store: RecordStore,
    clock: Clock,
    count: int,
    serial: int,
    held: bool,
    then: tuple[int, int],
    made: Callable[[Zone], Desired],
) -> None:
    """Each serial has its content; the core comes from a backup, and the writer begins anew."""

    def want(count: int, serial: int) -> dict[str, Desired]:
        return {A: made(make_zone(A, hosts(count), serial))}

    Publisher(store).reconcile(want(1, 7), complete=True)
    kept = backup(server)
    newer = Publisher(store).reconcile(want(2, 9), complete=True)[A].manifest
    assert newer is not None
    put_back(server, kept)
    heir = reopened(server, clock)
    publisher = Publisher(heir)
    assert heir.hear(proof(newer))
    outcome = publisher.reconcile(want(count, serial), complete=True)[A]
    assert (outcome.state is State.HELD) is held
    assert (outcome.reason == "SerialNotHigher") is held
    assert stored(server, A).revision > newer.revision
    assert stored(server, A).digest == want(*then)[A].zone.digest
    assert not heir.outdated


def test_no_edge_goes_back_to_what_a_restored_core_has_before_it_is_known_what_is_wanted(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    """A new writer looks at zones part by part, and hears meanwhile of an edge that is ahead."""
    publisher = Publisher(store)
    publisher.reconcile(wanted(5, 5), complete=True)
    kept = backup(server)
    newer = publisher.reconcile(wanted(6, 5), complete=True)[A].manifest
    assert newer is not None
    put_back(server, kept)
    restored = stored(server, A)
    heir = reopened(server, clock)
    publisher, desired = Publisher(heir), wanted(6, 5)
    assert heir.hear(proof(newer))
    publisher.reconcile({B: desired[B]}, complete=False)
    assert stored(server, A) == restored
    publisher.reconcile(desired, complete=True)
    assert stored(server, A).revision > newer.revision
    assert stored(server, A).rrsets == newer.rrsets
    assert not heir.outdated


def test_a_fence_is_above_what_edges_prove_when_a_writer_begins(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    made = store.publish(A, make_zone(A))
    assert made is not None
    server.emptied()
    clock.now -= 86400
    newer = proof(made)["fra/0"]
    server.admin.hset(keys.ACKS, "fra/0", acks.encode(newer))
    assert reopened(server, clock).fence > made.revision.epoch


def test_what_nobody_signed_raises_no_fence(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    made = store.publish(A, make_zone(A))
    assert made is not None
    invented = manifests.verify(manifests.sign(made, KEY), [KEY.public_key()])
    fence = store.fence
    assert not store.hear(proof(invented, OTHER))
    store.check()
    assert store.fence == fence
    assert not store.outdated


@pytest.mark.parametrize("asked_for", [True, False])
def test_a_zone_that_an_edge_knows_as_removed(
    server: CoreServer, store: RecordStore, clock: Clock, asked_for: bool
) -> None:
    """It comes back where an object asks for it; where none does, it stays ended."""
    publisher = Publisher(store)
    publisher.reconcile(wanted(1, 1), complete=True)
    kept = backup(server)
    tombstone = publisher.reconcile(wanted(1), True, {B})[B].manifest
    assert tombstone is not None
    put_back(server, kept)
    heir = reopened(server, clock)
    publisher = Publisher(heir)
    desired = wanted(1, 1) if asked_for else wanted(1)
    publisher.reconcile(desired, complete=True)
    assert heir.hear(proof(tombstone))
    publisher.reconcile(desired, complete=True, changed=[])
    assert stored(server, B).revision > tombstone.revision
    assert stored(server, B).tombstone is not asked_for
    assert not heir.ended


def test_a_log_with_an_entry_ahead_of_the_data_begins_anew(
    server: CoreServer, store: RecordStore
) -> None:
    assert store.publish(A, make_zone(A)) is not None
    server.admin.xadd(keys.LOG, {"zone": "", "after": "1"}, id="9999999999999999-0")
    made = store.publish(A, make_zone(A, hosts(1)))
    assert made is not None
    entries: Any = server.admin.xrange(keys.LOG)
    assert [entry_id for entry_id, _ in entries] == [f"{made.lsn}-0".encode()]


def test_an_answer_that_was_lost_does_not_make_the_core_another(
    server: CoreServer, store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.publish(A, make_zone(A)) is not None
    with answers_lost(store, monkeypatch), pytest.raises(StoreError):
        store.publish(A, make_zone(A, hosts(1)))
    fence = store.fence
    store.check()
    assert store.fence == fence
    assert store.positions.has(store._trail.position, store._trail._sum.total)
    signed = stored(server, A)
    assert signed.lsn == store._trail.position
    assert store.publish(A, make_zone(A, hosts(1))) is None
