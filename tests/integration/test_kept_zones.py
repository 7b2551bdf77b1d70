"""What a writer removes is kept in the core for a week: all that is needed, and no more."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import kept_zones
from dnsfleet.replication.kept_zones import KEPT_SECONDS
from dnsfleet.resources import Reference
from dnsfleet_engine import Zone
from dnsfleet_publisher import core_redis, kept_contents
from dnsfleet_publisher.core_redis import UNNAMED_SECONDS
from dnsfleet_publisher.kept_contents import Removed
from support.core_servers import Clock
from support.valkey import Valkey
from support.waiting import wait_for
from support.zone_writers import GRACE_SECONDS, Writer, changed, delete, record_set, zone

Object = dict[str, Any]
A = "a.example."
ZONE = zone("a", hosts=3)
SET = record_set("web", "www")
EXPIRY_SECONDS = 20.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


def kept(writer: Writer) -> dict[str, Removed]:
    """What can be restored, by origin, as whoever has the public key reads it."""
    found = kept_contents.read(writer.store.core, writer.store.public)
    return {each.zone.origin: each for each in found.removed}


def content(writer: Writer, removed: Removed) -> Zone:
    return kept_contents.content(writer.store.core, removed.zone)


def seconds(core: Valkey, names: list[str]) -> list[int]:
    """How long these keys stay; -1 for ever, -2 where there is none."""
    with core.client() as client:
        return [int(client.ttl(name)) for name in names]  # type: ignore[arg-type]


def test_a_removed_zone_is_kept_with_what_its_objects_said(core: Valkey, clock: Clock) -> None:
    writer = Writer(core, clock)
    writer.run(ZONE, SET)
    served = writer.store.load(A)
    before = writer.store.manifest(A)
    assert kept(writer) == {}
    delete(writer, ZONE)
    assert writer.served() == {}

    found = kept(Writer(core, clock))[A]
    assert found.zone.manifest == before
    assert found.zone.removed == clock.now
    assert found.outline is not None
    assert found.outline.zone == Reference("Zone", "dns", "a")
    assert found.outline.spec["nameServers"] == ["ns1.example.net"]
    claim = found.claims[Reference("RecordSet", "dns", "web")]
    assert claim.rrsets == {("www.a.example.", "A")}
    assert served is not None
    assert content(writer, found).encode() == served.encode()
    stay = seconds(core, found.zone.chunk_keys)
    assert all(KEPT_SECONDS - 60 < each <= KEPT_SECONDS for each in stay), stay


def test_what_comes_back_has_a_higher_revision_and_a_newer_serial(
    core: Valkey, clock: Clock
) -> None:
    writer = Writer(core, clock)
    writer.run(ZONE)
    delete(writer, ZONE)
    before = kept(writer)[A].zone.manifest
    tombstone = writer.store.manifest(A)
    later = Writer(core, clock)
    later.run(ZONE)
    made = later.store.manifest(A)
    assert made is not None
    assert tombstone is not None
    assert made.revision > tombstone.revision > before.revision
    assert made.serial > before.serial
    assert later.store.load(A) is not None


def test_a_restart_of_the_core_loses_nothing_of_it(core: Valkey, clock: Clock) -> None:
    writer = Writer(core, clock)
    writer.run(ZONE, SET)
    served = writer.store.load(A)
    delete(writer, ZONE)
    with core.client() as client:
        client.save()  # type: ignore[no-untyped-call]
    core.kill()
    core.start()
    later = Writer(core, clock)
    later.run()
    found = kept(later)[A]
    assert served is not None
    assert content(later, found).encode() == served.encode()
    assert max(seconds(core, found.zone.chunk_keys)) <= KEPT_SECONDS


def test_after_its_time_nothing_is_kept(
    core: Valkey, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a writer is there to see it or not."""
    monkeypatch.setattr(core_redis, "KEPT_SECONDS", 1)
    monkeypatch.setattr("dnsfleet_publisher.record_store.KEPT_SECONDS", 1)
    writer = Writer(core, clock)
    writer.run(ZONE)
    chunks = (writer.store.manifest(A) or pytest.fail("not published")).chunk_keys()
    delete(writer, ZONE)

    def left() -> list[bytes]:
        with core.client() as client:
            names = [*client.keys("dnsfleet:1:kept*"), *filter(client.exists, chunks)]
        return list(names)

    wait_for("nothing is left", lambda: not left(), EXPIRY_SECONDS)


def test_a_writer_drops_what_is_too_old_and_the_outline_of_what_is_removed(
    core: Valkey, clock: Clock
) -> None:
    b = zone("b")
    writer = Writer(core, clock)
    writer.run(ZONE, b)
    delete(writer, ZONE)
    clock.now += KEPT_SECONDS / 2
    delete(writer, b)
    clock.now += KEPT_SECONDS / 2
    later = Writer(core, clock)
    later.run()
    later.passes.sweep(later.observation, clock.now)
    assert kept(later).keys() == {"b.example."}
    with core.client() as client:
        assert client.hkeys("dnsfleet:1:outlines") == []


def test_what_was_removed_first_makes_room(
    core: Valkey, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones = [zone(name, hosts=20) for name in ("a", "b", "c", "d")]
    writer = Writer(core, clock)
    writer.run(*zones)
    delete(writer, zones[0])
    first = kept(writer)[A].zone
    monkeypatch.setattr(kept_zones, "MAX_OCTETS", first.octets * 5 // 2)
    for each in zones[1:3]:
        clock.now += 1
        delete(writer, each)
    assert kept(writer).keys() == {"b.example.", "c.example."}
    assert max(seconds(core, first.chunk_keys)) <= UNNAMED_SECONDS
    later = Writer(core, clock)  # it counts what is there
    later.run(zones[3])
    clock.now += 1
    delete(later, zones[3])
    assert kept(later).keys() == {"c.example.", "d.example."}


def test_what_is_larger_than_the_room_is_removed_all_the_same(
    core: Valkey, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    writer = Writer(core, clock)
    writer.run(ZONE)
    chunks = (writer.store.manifest(A) or pytest.fail("not published")).chunk_keys()
    monkeypatch.setattr(kept_zones, "MAX_OCTETS", 100)
    delete(writer, ZONE)
    assert writer.served() == {}
    assert kept(writer) == {}
    assert max(seconds(core, chunks)) <= UNNAMED_SECONDS
    assert "a.example. is not kept" in caplog.text


def test_the_last_removal_of_a_zone_counts(core: Valkey, clock: Clock) -> None:
    writer = Writer(core, clock)
    writer.run(ZONE)
    delete(writer, ZONE)
    first = kept(writer)[A]
    again = zone("a", hosts=5, uid="again")
    writer.run(again)
    assert writer.served()[A] == 7
    delete(writer, again)
    last = kept(writer)[A]
    assert last.zone.manifest.revision > first.zone.manifest.revision
    assert content(writer, last).records == 7
    assert max(seconds(core, first.zone.chunk_keys)) <= UNNAMED_SECONDS


def test_an_orphan_that_nobody_saw_deleted_is_kept_as_a_whole(core: Valkey, clock: Clock) -> None:
    Writer(core, clock).run(ZONE, SET)
    later = Writer(core, clock)
    later.run(SET)
    for _ in range(2):
        later.passes.sweep(later.observation, clock.now)
        clock.now += GRACE_SECONDS
    later.work()
    assert later.served() == {}
    found = kept(later)[A]
    assert found.outline is not None
    assert found.outline.zone == Reference("Zone", "dns", "a")
    assert found.claims.keys() == {Reference("RecordSet", "dns", "web")}


def test_the_outline_of_a_zone_that_changed_is_the_new_one(core: Valkey, clock: Clock) -> None:
    writer = Writer(core, clock)
    writer.run(ZONE)
    placement = {"popSelector": {"matchLabels": {"region": "eu"}}}
    new = changed(ZONE, 2, placement=placement)
    writer.run(new)
    delete(writer, new)
    outline = kept(writer)[A].outline
    assert outline is not None
    assert outline.spec["placement"] == placement


def test_a_core_that_lost_everything_gets_the_outlines_of_the_leader(
    core: Valkey, clock: Clock
) -> None:
    writer = Writer(core, clock)
    writer.run(ZONE, SET)
    core.kill()
    core.start()
    while writer.store.outdated or not writer.served():
        writer.work()
    writer.passes.sweep(writer.observation, clock.now)
    delete(writer, ZONE)
    found = kept(writer)[A]
    assert found.outline is not None
    assert content(writer, found).records == 6


def test_another_key_signs_what_is_kept(core: Valkey, clock: Clock) -> None:
    """The one before is known to nobody afterwards."""
    writer = Writer(core, clock)
    writer.run(ZONE)
    delete(writer, ZONE)
    former = writer.store.public[0]
    new = Ed25519PrivateKey.generate()
    writer.store.sign_with(new, former)
    writer.work()
    writer.store.sign_with(new)
    assert kept(writer).keys() == {A}


def test_a_writer_signs_again_what_one_before_it_left_signed_by_the_key_before(
    core: Valkey, clock: Clock
) -> None:
    writer = Writer(core, clock)
    writer.run(ZONE)
    delete(writer, ZONE)
    former = writer.store.public[0]
    new = Ed25519PrivateKey.generate()
    later = Writer(core, clock)
    later.store.sign_with(new, former)
    later.run()
    later.store.sign_with(new)
    assert kept(later).keys() == {A}


def test_where_the_removal_is_not_published_nothing_is_kept(
    core: Valkey, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The zone stays live by the chunks that would be kept, so nothing may count them as such."""
    writer = Writer(core, clock)
    writer.run(ZONE)
    publish: Callable[..., list[str]] = writer.store.core.publish
    monkeypatch.setattr(writer.store.core, "publish", lambda *_: ["revision", "1.1"])
    delete(writer, ZONE)
    assert kept(writer) == {}
    monkeypatch.setattr(writer.store.core, "publish", publish)
    writer.run(ZONE)
    live = (writer.store.manifest(A) or pytest.fail("not published")).chunk_keys()
    monkeypatch.setattr(kept_zones, "MAX_OCTETS", 1)
    b = zone("b")
    writer.run(ZONE, b)
    delete(writer, b)
    assert set(seconds(core, live)) == {-1}


def test_what_no_valid_key_signed_or_is_not_whole_is_not_restored(
    core: Valkey, clock: Clock
) -> None:
    writer = Writer(core, clock)
    b = zone("b")
    writer.run(ZONE, b)
    delete(writer, ZONE, b)
    found = kept(writer)
    with core.client() as client:
        client.delete(*found["b.example."].zone.beside_keys)
    left = kept_contents.read(writer.store.core, writer.store.public)
    assert [each.zone.origin for each in left.removed] == [A]
    assert left.unverified == ["b.example."]
    other = Ed25519PrivateKey.generate().public_key()
    nothing = kept_contents.read(writer.store.core, [other])
    assert nothing.removed == []
    assert sorted(nothing.unverified) == [A, "b.example."]
    with core.client() as client:
        client.delete(*found[A].zone.manifest.chunk_keys())
    with pytest.raises(ValueError, match="missing"):
        content(writer, found[A])
