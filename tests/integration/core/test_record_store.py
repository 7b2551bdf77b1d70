"""What the record store makes of zones that are published, on a real Valkey."""

from pathlib import Path

import pytest
from dnsfleet.replication import keys, manifests
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.manifests import FleetHead
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import AnnouncementSum, NameSum
from dnsfleet_publisher import drafts
from dnsfleet_publisher.core_redis import UNNAMED_SECONDS
from dnsfleet_publisher.record_store import RecordStore
from support.core_servers import KEY, A, B, Clock, CoreServer, offset, reopened, ttl
from support.valkey import Valkey
from support.waiting import wait_for
from support.zones import hosts, make_zone


def test_what_is_published_is_loaded_after_a_restart(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    first = store.publish(A, make_zone(A, hosts(100)), ("ams", "fra"))
    second = store.publish(A, make_zone(A, hosts(100, host7="192.0.2.7")), ("ams", "fra"))
    assert first is not None
    assert second is not None
    assert second.revision == Revision(store.fence, 2)
    assert second.previous == first.revision
    assert second.lsn > first.lsn
    assert second.deltas == (manifests.Run(store.fence, 2, 1, 1),)
    again = reopened(server, clock)
    loaded = again.load(A)
    assert loaded is not None
    assert loaded.get("host7.a.example.", "A") == (300, ["192.0.2.7"])
    assert (loaded.serial, loaded.digest) == (second.serial, second.digest)
    assert again.manifest(A) == second
    assert again.load(B) is None
    third = again.publish(A, make_zone(A, hosts(101)), ("ams", "fra"))
    assert third is not None
    assert third.revision == Revision(again.fence, 3)
    assert again.fence > store.fence
    assert len(third.deltas) == 2, "a new writer goes on with the snapshot that is there"


def test_what_readers_find(server: CoreServer, store: RecordStore) -> None:
    made = store.publish(A, make_zone(A))
    store.complete()
    assert made is not None
    client = server.admin
    signed = client.get(keys.manifest(A))
    assert isinstance(signed, bytes)
    assert manifests.verify(signed, [KEY.public_key()]) == made
    assert client.hgetall(keys.ZONES) == {A.encode(): f"{made.lsn} {made.revision}".encode()}
    head = client.get(keys.FLEET)
    assert isinstance(head, bytes)
    total = AnnouncementSum([Announcement(made.lsn, A, made.revision)]).total
    expected = FleetHead(store.fence, made.lsn + 1, 1, 1, NameSum([A]).total, total)
    assert manifests.verify_fleet(head, [KEY.public_key()]) == expected
    assert store.positions.has(made.lsn + 1, total)
    assert client.xrange(keys.LOG) == [
        (
            f"{made.lsn}-0".encode(),
            {b"zone": A.encode(), b"revision": str(made.revision).encode(), b"after": b"0"},
        ),
        (
            f"{made.lsn + 1}-0".encode(),
            {b"zone": b"", b"revision": b"", b"after": str(made.lsn).encode()},
        ),
    ]


def test_a_zone_that_comes_or_goes_changes_the_head_at_once(
    server: CoreServer, store: RecordStore
) -> None:
    """A writer that dies then leaves a core that an empty edge can be complete with."""
    store.publish(A, make_zone(A))
    store.complete()
    for change, names in (
        (lambda: store.publish(B, make_zone(B)), [A, B]),
        (lambda: store.publish(A, make_zone(A, hosts(1))), [A, B]),
        (lambda: store.tombstone(A), [B]),
    ):
        assert change() is not None
        signed = server.admin.get(keys.FLEET)
        assert isinstance(signed, bytes)
        head = manifests.verify_fleet(signed, [KEY.public_key()])
        assert (head.zones, head.names) == (len(names), NameSum(names).total)
        assert head.total is not None
        assert store.positions.has(head.lsn, head.total)
    before = server.admin.get(keys.LSN)
    store.complete()
    assert server.admin.get(keys.LSN) == before


def test_no_change_is_no_revision(store: RecordStore, clock: Clock) -> None:
    assert store.publish(A, make_zone(A, hosts(3))) is not None
    clock.now += 60
    assert store.publish(A, make_zone(A, hosts(3))) is None
    assert store.publish(A, make_zone(A, hosts(3), serial=2_000_000_000)) is None
    assert store.publish(A, make_zone(A, hosts(3), minimum=60)) is not None


def test_serials(store: RecordStore, clock: Clock) -> None:
    serials = []
    for zone in (
        make_zone(A, hosts(1)),
        make_zone(A, hosts(2)),
        make_zone(A, hosts(3), serial=1_900_000_000),
        make_zone(A, hosts(4), serial=1_850_000_000),
    ):
        made = store.publish(A, zone)
        assert made is not None
        serials.append(made.serial)
    now = int(clock.now)
    assert serials == [now, now + 1, 1_900_000_000, 1_900_000_001]


def test_other_pops_are_a_revision_without_records(store: RecordStore) -> None:
    first = store.publish(A, make_zone(A, hosts(50)))
    moved = store.publish(A, make_zone(A, hosts(50)), ("ams",))
    assert first is not None
    assert moved is not None
    assert moved.pops == ("ams",)
    assert (moved.serial, moved.digest) == (first.serial, first.digest)
    assert moved.delta_size < 64
    assert store.publish(A, make_zone(A, hosts(50)), ("ams",)) is None


def test_a_removed_zone_may_come_back_and_goes_on_rising(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    first = store.publish(A, make_zone(A, hosts(5)))
    removed = store.tombstone(A)
    assert first is not None
    assert removed is not None
    assert removed.tombstone
    assert store.load(A) is None
    assert store.tombstone(A) is None
    assert store.tombstone(B) is None
    assert all(0 < ttl(server, key) <= UNNAMED_SECONDS for key in first.chunk_keys())
    back = reopened(server, clock).publish(A, make_zone(A, hosts(5)))
    assert back is not None
    assert back.revision.seq == 3
    assert back.previous == removed.revision
    assert back.serial > first.serial


def test_chunks_expire_only_once_no_manifest_names_them(
    server: CoreServer, store: RecordStore
) -> None:
    first = store.publish(A, make_zone(A, hosts(20)))
    assert first is not None
    assert [ttl(server, key) for key in first.chunk_keys()] == [-1]
    other = store.publish(A, make_zone(A, [(f"other{n}", "A", "192.0.2.1") for n in range(20)]))
    assert other is not None
    assert other.deltas == ()
    assert [ttl(server, key) for key in other.chunk_keys()] == [-1]
    assert 0 < ttl(server, first.chunk_keys()[0]) <= UNNAMED_SECONDS


def test_no_value_is_long_whatever_the_zone(server: CoreServer, store: RecordStore) -> None:
    made = store.publish(A, make_zone(A, hosts(50_000)))
    assert made is not None
    assert made.snapshot is not None
    assert made.snapshot.chunks > 20
    sizes = [server.admin.strlen(key) for key in made.chunk_keys()]
    assert max(sizes) <= 64 * 1024
    assert sum(sizes) == made.snapshot.size
    signed = server.admin.get(keys.manifest(A))
    assert isinstance(signed, bytes)
    assert len(signed) < 800


def test_a_snapshot_is_written_anew_behind_many_deltas(
    server: CoreServer, store: RecordStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MAX_DELTAS", 3)
    made = [store.publish(A, make_zone(A, hosts(50, host1=f"192.0.2.{n}"))) for n in range(6)]
    kept = [m for m in made if m is not None]
    assert [sum(run.length for run in m.deltas) for m in kept] == [0, 1, 2, 3, 1, 2]
    assert kept[4].snapshot is not None
    assert kept[4].snapshot.revision == kept[3].revision
    assert all(ttl(server, key) > 0 for key in kept[3].chunk_keys())
    assert all(ttl(server, key) == -1 for key in kept[5].chunk_keys())
    loaded = reopened(server, clock).load(A)
    assert loaded is not None
    assert loaded.get("host1.a.example.", "A") == (300, ["192.0.2.5"])


@pytest.mark.parametrize("records", [100, 50_000])
def test_a_change_of_one_record_costs_little_in_any_zone(
    tmp_path: Path, server: CoreServer, store: RecordStore, records: int
) -> None:
    before = make_zone(A, hosts(records))
    after = make_zone(A, hosts(records, host7="192.0.2.7"))
    assert store.publish(A, before) is not None
    copy = Valkey(tmp_path / "replica", primary=server)
    copy.start()
    try:
        with copy.client() as replica:
            start = offset(replica)
            made = store.publish(A, after)
            assert made is not None
            arrived = f"{made.lsn} {made.revision}".encode()
            wait_for("the replica has it", lambda: replica.hget(keys.ZONES, A) == arrived, 5)
            spent = offset(replica) - start
            print(f"one record of {records}: {spent} octets replicated")
            assert 0 < spent <= 2048
            for key in made.chunk_keys():
                assert replica.get(key) == server.admin.get(key)
    finally:
        copy.kill()
