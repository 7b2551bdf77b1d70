"""What a publication consists of, by size and history."""

from dataclasses import replace

import pytest
from dnsfleet.replication import delta_chains
from dnsfleet.replication.manifests import Run
from dnsfleet.replication.revisions import Revision
from dnsfleet_engine import Zone
from dnsfleet_publisher import drafts
from dnsfleet_publisher.drafts import Draft, Published
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
