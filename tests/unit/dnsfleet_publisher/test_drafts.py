"""What a publication consists of, by size and history."""

from dataclasses import replace

import pytest
from dnsfleet.replication import delta_chains
from dnsfleet.replication.manifests import Run
from dnsfleet.replication.revisions import Revision
from dnsfleet_engine import Zone
from dnsfleet_publisher import drafts
from dnsfleet_publisher.drafts import Draft, Published
from support.presigned_zones import signed
from support.zones import hosts, make_zone

A = "a.example."
NOW = 1_800_000_000


class History:
    """A zone's drafts one after another, and all chunks that they wrote."""

    def __init__(self) -> None:
        self.known = Published()
        self.chunks: dict[str, bytes] = {}

    def publish(self, zone: Zone, epoch: int = 1) -> Draft:
        draft = drafts.change(self.known, epoch, zone, None, NOW)
        assert draft is not None
        assert not self.chunks.keys() & draft.chunks.keys(), "a key is used once"
        self.chunks |= draft.chunks
        at = draft.manifest.revision
        self.known = Published(draft.manifest, draft.zone, str(at), at.seq, key="k1")
        return draft

    def read(self, draft: Draft) -> Zone:
        """The zone as a reader with nothing puts it together."""
        chain = delta_chains.from_snapshot(draft.manifest)
        content = chain.check([self.chunks.get(key) for key in chain.keys])
        zone = Zone.decode(content.snapshot or b"")
        for delta in content.deltas:
            zone = zone.apply(delta)
        return zone


def test_another_format_is_the_same_content_once_more() -> None:
    history = History()
    first = history.publish(make_zone(A, hosts(100)))
    known = history.known
    assert drafts.again(known, 1, first.manifest.format, "k1", NOW) is None
    draft = drafts.again(known, 1, 2, "k1", NOW)
    assert draft is not None
    history.chunks |= draft.chunks
    made = draft.at(7, 8, 2).manifest
    assert (made.format, made.revision, made.previous) == (2, Revision(1, 2), Revision(1, 1))
    assert (made.serial, made.digest) == (first.manifest.serial, first.manifest.digest)
    assert (made.snapshot, lengths(draft)) == (first.manifest.snapshot, [1])
    assert history.read(draft).digest == made.digest
    assert sum(map(len, draft.chunks.values())) < 64, "the content is not written again"


def test_a_tombstone_is_written_in_another_format_too() -> None:
    history = History()
    history.publish(make_zone(A, hosts(3)))
    removal = drafts.removal(history.known, 1)
    assert removal is not None
    known = Published(removal.at(1, 1, 1).manifest, None, "1.2", 2, key="k1")
    assert drafts.again(known, 1, 1, "k1", NOW) is None
    for format_, key in ((2, "k1"), (1, "k2")):
        again = drafts.again(known, 1, format_, key, NOW)
        assert again is not None
        assert again.manifest.tombstone
        assert (again.manifest.revision, again.follows) == (Revision(1, 3), "1.2")


def test_another_key_is_the_same_content_once_more() -> None:
    history = History()
    first = history.publish(make_zone(A, hosts(100)))
    draft = drafts.again(history.known, 1, first.manifest.format, "k2", NOW)
    assert draft is not None
    made = draft.manifest
    assert (made.revision, made.digest) == (Revision(1, 2), first.manifest.digest)
    assert sum(map(len, draft.chunks.values())) < 64, "the content is not written again"


def lengths(draft: Draft) -> list[int]:
    return [run.length for run in draft.manifest.deltas]


def test_every_draft_reads_back_as_what_was_published() -> None:
    history = History()
    for number in (100, 101, 99, 300, 299, 10):
        draft = history.publish(make_zone(A, hosts(number)))
        read = history.read(draft)
        assert read.rrsets == number + 2 == draft.manifest.rrsets
        assert (read.digest, read.serial) == (draft.manifest.digest, draft.manifest.serial)


def test_a_change_of_half_the_zone_is_a_snapshot() -> None:
    history = History()
    history.publish(make_zone(A, hosts(100)))
    assert lengths(history.publish(make_zone(A, hosts(130)))) == [1]
    large = history.publish(make_zone(A, hosts(250)))
    assert lengths(large) == []
    assert large.manifest.snapshot is not None
    assert large.manifest.snapshot.revision == large.manifest.revision


def test_gathered_deltas_move_the_snapshot_to_the_revision_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drafts, "MIN_DELTA_SIZE", 700)
    history = History()
    history.publish(make_zone(A, hosts(100)))
    before, moved = None, None
    for number in range(1, 20):
        before, moved = moved, history.publish(make_zone(A, hosts(100, host1=f"192.0.2.{number}")))
        if moved.manifest.snapshot and moved.manifest.snapshot.revision.seq > 1:
            break
    assert before is not None
    assert moved is not None
    assert moved.manifest.snapshot is not None
    assert moved.manifest.snapshot.revision == before.manifest.revision
    assert lengths(moved) == [1]
    assert set(moved.superseded) == set(before.manifest.chunk_keys())
    up_to_date = delta_chains.from_held(
        moved.manifest,
        before.manifest.revision,
        Revision(1, 1),
        before.manifest.chain_hash,
    )
    assert up_to_date is not None
    assert len(up_to_date.keys) == 1


def test_writers_leave_runs_and_many_runs_a_snapshot() -> None:
    history = History()
    history.publish(make_zone(A, hosts(100)))
    for epoch in range(1, drafts.MAX_RUNS + 1):
        draft = history.publish(make_zone(A, hosts(100, host1=f"192.0.2.{epoch}")), epoch)
    assert draft.manifest.deltas[0] == Run(1, 2, 1, 1)
    assert len(draft.manifest.deltas) == drafts.MAX_RUNS
    draft = history.publish(make_zone(A, hosts(100, host1="192.0.2.99")), 99)
    assert draft.manifest.deltas == (Run(99, drafts.MAX_RUNS + 2, 1, 1),)
    assert history.read(draft).get("host1.a.example.", "A") == (300, ["192.0.2.99"])


def test_a_revision_that_was_tried_is_not_used_again() -> None:
    history = History()
    history.publish(make_zone(A, hosts(100)))
    history.known = replace(history.known, seq=5)
    draft = history.publish(make_zone(A, hosts(101)))
    assert draft.manifest.revision == Revision(1, 6)
    assert draft.manifest.previous == Revision(1, 1)
    assert draft.follows == "1.1"


def test_a_removal_keeps_the_serial_and_names_nothing() -> None:
    history = History()
    made = history.publish(make_zone(A, hosts(100)))
    removal = drafts.removal(history.known, 1)
    assert removal is not None
    assert removal.manifest.serial == made.manifest.serial
    assert removal.manifest.chunk_keys() == []
    assert set(removal.superseded) == set(made.manifest.chunk_keys())
    assert drafts.removal(Published(), 1) is None


def signed_hosts(count: int, serial: int) -> Zone:
    return signed(make_zone(A, hosts(count), serial))


def test_a_signed_zone_is_published_as_it_is() -> None:
    history = History()
    for zone in (signed_hosts(3, 0), signed_hosts(4, 7), signed(make_zone(A, hosts(4), 9), day=2)):
        draft = history.publish(zone)
        assert history.read(draft).digest == zone.digest == draft.manifest.digest
    assert drafts.change(history.known, 1, zone, None, NOW) is None


def test_a_signed_zone_without_a_higher_serial_is_refused() -> None:
    history = History()
    first = history.publish(make_zone(A, hosts(3)))
    assert first.manifest.serial == NOW
    refused = signed_hosts(3, 7)
    with pytest.raises(ValueError, match=f"with serial 7, .* with serial {NOW};"):
        drafts.change(history.known, 1, refused, None, NOW)
    fault = drafts.refusal(history.known, refused)
    assert fault is not None
    assert fault.reason == "SerialNotHigher"
    history.publish(signed_hosts(3, NOW + 1))
    assert drafts.refusal(history.known, signed(make_zone(A, hosts(3), NOW + 1), day=2)) is not None
    # The zone is signed no more: it is numbered as any other.
    assert history.publish(make_zone(A, hosts(3), 7)).manifest.serial == NOW + 2


def test_a_removed_zone_may_come_back_with_its_serial() -> None:
    history = History()
    history.publish(signed_hosts(3, 7))
    removal = drafts.removal(history.known, 1)
    assert removal is not None
    history.known = Published(removal.manifest, None, "1.2", 2, key="k1")
    zone = signed_hosts(4, 7)
    assert history.publish(zone).manifest.digest == zone.digest


def test_a_signed_zone_that_is_written_again_keeps_its_serial() -> None:
    history = History()
    zone = signed_hosts(3, 7)
    first = history.publish(zone)
    newer = replace(first.manifest, revision=Revision(2, 1), serial=9, digest=bytes(32))
    for known in (
        replace(history.known, in_core=False),
        replace(history.known, overtaken=newer),
        replace(history.known, overtaken=newer, in_core=False),
    ):
        for floor in (0, 1):
            again = drafts.again(known, 3, 1, "k1", NOW, floor)
            assert again is not None
            assert again.manifest.digest == zone.digest
            assert drafts.refusal(known, zone) is None
    change = drafts.change(replace(history.known, overtaken=newer), 3, zone, None, NOW, floor=1)
    assert change is not None
    assert change.manifest.digest == zone.digest


def test_a_zone_of_primaries_keeps_its_serial_as_a_signed_one_does() -> None:
    history = History()
    zone = make_zone(A, hosts(3), 7)
    first = history.publish(zone)
    removed = drafts.removal(history.known, 1)
    assert removed is not None
    newer = replace(first.manifest, revision=Revision(2, 1), serial=9, digest=bytes(32))
    overtaken = replace(history.known, overtaken=newer)
    again = drafts.again(overtaken, 3, 1, "k1", NOW, keeps_serial=True)
    assert again is not None and again.manifest.serial == 7
    gone = Published(removed.manifest, None, "1.2", 2, key="k1")
    for known, serial, taken in (
        (history.known, 7, False),
        (history.known, 8, True),
        (overtaken, 9, False),
        (overtaken, 10, True),
        (gone, 3, True),
        (gone, 0, True),
    ):
        other = make_zone(A, hosts(4), serial)
        fault = drafts.refusal(known, other, keeps_serial=True)
        assert (fault is None) is taken, serial
        if taken:
            made = drafts.change(known, 3, other, None, NOW, keeps_serial=True)
            assert made is not None and made.manifest.digest == other.digest
        else:
            with pytest.raises(ValueError, match="raise it there"):
                drafts.change(known, 3, other, None, NOW, keeps_serial=True)


def test_what_an_edge_has_newer_may_be_published_again_and_nothing_below_it() -> None:
    history = History()
    first = history.publish(signed_hosts(3, 7))
    newer = signed_hosts(4, 9)
    manifest = replace(
        first.manifest, revision=Revision(2, 1), serial=newer.serial, digest=newer.digest
    )
    known = replace(history.known, overtaken=manifest)
    draft = drafts.change(known, 3, newer, None, NOW)
    assert draft is not None
    assert draft.manifest.digest == newer.digest
    for serial, refused in ((7, True), (8, True), (9, True), (10, False)):
        assert (drafts.refusal(known, signed_hosts(5, serial)) is not None) is refused, serial
