"""The follower on its way from what it holds to the newest revision, one situation at a time."""

from dataclasses import replace

import pytest
from dnsfleet.replication import encoding, events, keys, manifests
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.commands import (
    Apply,
    Drop,
    Load,
    ReadChunks,
    ReadIndex,
    ReadManifests,
)
from dnsfleet.replication.encoding import CHUNK_SIZE
from dnsfleet.replication.follower import MANIFESTS_AT_ONCE
from dnsfleet.replication.revisions import Revision
from support.core_model import KEY, POP, Core, Database
from support.follower_rigs import A, B, Rig, core_of_two_zones, kinds, settled_rig


@pytest.fixture
def core() -> Core:
    return core_of_two_zones()


@pytest.fixture
def rig(core: Core) -> Rig:
    return settled_rig(core)


def test_an_empty_edge_loads_everything_and_is_complete(core: Core) -> None:
    rig = Rig(core)
    assert not rig.follower.complete
    rig.feed(events.Connected())
    assert kinds(rig.done) == [
        *("ReadIndex", "Ack", "ReadManifests", "ReadChunks", "Load", "Ack", "ReadChunks"),
        *("Load", "Ack", "ReadFleet", "ReadLog"),
    ]
    assert rig.edge.served == {A: b"a1", B: b"b1"}
    assert rig.claim == (core.lsn, {})
    assert rig.follower.complete


def test_a_change_is_one_delta(rig: Rig, core: Core) -> None:
    core.publish(A, b"a2")
    assert kinds(rig.settle()) == ["ReadManifests", "ReadChunks", "Apply", "Ack"]
    assert rig.edge.served[A] == b"a2"
    assert rig.ack.lsn == core.lsn


def test_a_follower_that_is_behind_goes_to_the_newest_revision_at_once(
    rig: Rig, core: Core
) -> None:
    for number in range(50):
        core.publish(A, b"a%d" % number)
    done = rig.settle()
    assert [len(d.deltas) for d in done if isinstance(d, Apply)] == [50]
    assert rig.edge.served[A] == b"a49"


def test_deltas_and_snapshots_of_many_chunks(rig: Rig, core: Core) -> None:
    core.publish(A, b"x" * (3 * CHUNK_SIZE))
    core.publish(A, b"y")
    assert "Apply" in kinds(rig.settle())
    assert rig.edge.served[A] == b"y"
    core.publish(A, b"z" * (3 * CHUNK_SIZE), new_snapshot=True)
    assert "Load" in kinds(rig.settle())
    assert rig.edge.served[A] == b"z" * (3 * CHUNK_SIZE)


def test_an_empty_replica_takes_nothing_away(rig: Rig) -> None:
    rig.edge.data = Database()
    rig.feed(events.Disconnected())
    rig.feed(events.Connected())
    rig.settle()
    rig.feed(events.Resync())
    assert rig.edge.served == {A: b"a1", B: b"b1"}
    assert rig.ack.failing == {}


def test_a_core_that_began_anew_is_followed_again(rig: Rig, core: Core) -> None:
    core.lose_everything()
    rig.edge.data = core.data
    core.publish(A, b"a9")
    rig.settle()
    assert rig.edge.served == {A: b"a9", B: b"b1"}
    assert rig.edge.held[A].revision.epoch == 2
    assert rig.claim == (core.lsn, {})


def test_a_tombstone_removes_and_a_new_zone_may_come_back(rig: Rig, core: Core) -> None:
    core.remove(A)
    assert [type(done) for done in rig.settle() if not isinstance(done, Ack)][-1] is Drop
    assert rig.edge.served == {B: b"b1"}
    core.publish(A, b"a3")
    rig.settle()
    assert rig.edge.served[A] == b"a3"
    assert rig.edge.held[A].revision == Revision(1, 3)


def test_a_follower_without_a_pop_has_the_zones_of_all(core: Core) -> None:
    core.publish(A, b"a2", pops=("fra",))
    rig = Rig(core, pop=None)
    rig.feed(events.Connected())
    assert rig.edge.served == {A: b"a2", B: b"b1"}
    assert rig.follower.complete
    core.publish(A, b"a3", pops=("iad",))
    rig.settle()
    assert rig.edge.served[A] == b"a3"


def test_a_zone_for_other_pops_is_dropped_and_is_no_failure(rig: Rig, core: Core) -> None:
    core.publish(A, b"a1", pops=("fra",))
    rig.settle()
    assert rig.edge.served == {B: b"b1"}
    core.publish(A, b"a2", pops=("fra",))
    rig.settle()
    assert rig.claim == (core.lsn, {})
    core.publish(A, b"a3", pops=(POP, "fra"))
    assert "Load" in kinds(rig.settle())
    assert rig.edge.served[A] == b"a3"


def test_what_was_restored_is_not_loaded_again(rig: Rig, core: Core) -> None:
    core.remove(B)
    rig.settle()
    again = Rig(core)
    again.edge = rig.edge
    again.follower.feed(rig.edge.restored())
    again.feed(events.Connected())
    assert kinds(again.done) == ["ReadIndex", "Ack", "ReadFleet", "ReadLog"]
    core.publish(A, b"a2")
    assert "Apply" in kinds(again.settle())


def test_a_zone_that_the_core_has_in_an_older_revision_is_proved(rig: Rig, core: Core) -> None:
    old = core.data.copy()
    newer = core.publish(A, b"a2")
    rig.settle()
    rig.edge.data = old
    rig.feed(events.Resync())
    rig.settle()
    assert rig.ack.ahead == {A: manifests.sign(newer, KEY)}
    assert (rig.ack.ahead_count, rig.ack.told) == (1, old.position)
    rig.edge.data = core.data
    rig.feed(events.Resync())
    rig.settle()
    assert (rig.ack.ahead_count, rig.ack.told) == (0, core.lsn)


def test_a_tombstone_that_the_core_lost_is_proved(rig: Rig, core: Core) -> None:
    old = core.data.copy()
    tombstone = core.remove(A)
    rig.settle()
    rig.edge.data = old
    rig.feed(events.Resync())
    rig.settle()
    assert rig.ack.ahead == {A: manifests.sign(tombstone, KEY)}
    assert rig.edge.served == {B: b"b1"}


def test_a_restart_does_not_forget_a_tombstone(rig: Rig, core: Core) -> None:
    old = core.data.copy()
    core.remove(A)
    rig.settle()
    again = Rig(core)
    again.edge = rig.edge
    again.edge.data = old
    again.follower.feed(rig.edge.restored())
    again.feed(events.Connected())
    assert again.edge.served == {B: b"b1"}


def test_late_and_repeated_answers_change_nothing(rig: Rig, core: Core) -> None:
    log = rig.log
    assert log is not None
    core.publish(A, b"a2")
    answer = rig.edge.execute(log)
    assert answer is not None
    rig.feed(answer)
    assert rig.follower.feed(answer) == []
    empty = events.IndexRead(ReadIndex(), {}, 0)
    assert rig.follower.feed(empty) == []
    assert rig.edge.served[A] == b"a2"


def test_an_answer_that_is_lost_with_the_link_is_made_up_for(rig: Rig, core: Core) -> None:
    core.publish(A, b"a2")
    assert rig.log is not None
    todo = rig.follower.feed(rig.edge.execute(rig.log))  # type: ignore[arg-type]
    while not isinstance(todo[-1], Apply):
        todo = rig.follower.feed(rig.edge.execute(todo[-1]))  # type: ignore[arg-type]
    late = rig.edge.execute(todo[-1])
    assert late is not None
    assert rig.follower.feed(events.Disconnected()) == []
    assert rig.follower.feed(late) == []
    rig.feed(events.Connected())
    assert rig.edge.served[A] == b"a2"
    assert rig.claim == (core.lsn, {})


def test_manifests_are_read_a_few_at_a_time() -> None:
    core = Core()
    for number in range(MANIFESTS_AT_ONCE * 2 + 1):
        core.publish(f"{number}.example.", b"x")
    rig = Rig(core)
    rig.feed(events.Connected())
    sizes = [len(done.origins) for done in rig.done if isinstance(done, ReadManifests)]
    assert sizes == [MANIFESTS_AT_ONCE, MANIFESTS_AT_ONCE, 1]
    assert len(rig.edge.served) == MANIFESTS_AT_ONCE * 2 + 1


def test_chunks_of_a_held_chain_are_the_new_ones_only(rig: Rig, core: Core) -> None:
    core.publish(A, b"a2")
    rig.settle()
    made = core.publish(A, b"a3")
    done = rig.settle()
    assert [d.keys for d in done if isinstance(d, ReadChunks)] == [
        tuple(keys.delta(A, made.revision, 1))
    ]
    assert not any(isinstance(d, Load) for d in done)


def test_a_snapshot_of_the_held_revision_starts_a_new_chain(rig: Rig, core: Core) -> None:
    """The snapshot moves one revision back, and an edge that is up to date goes on from there."""
    core.publish(A, b"a2")
    rig.settle()
    made = core.publish(A, b"a3")
    held = rig.edge.held[A]
    fresh = rewritten_snapshot(core, held.revision, made.revision)
    rig.settle()
    assert rig.edge.held[A] == fresh
    assert rig.edge.served[A] == b"a3"


def rewritten_snapshot(core: Core, at: Revision, head: Revision) -> manifests.Manifest:
    snapshot = encoding.describe(at, b"a2")
    core.data.values[keys.snapshot(A, at, 1)[0]] = b"a2"
    fresh = replace(
        core.manifests[A],
        snapshot=snapshot,
        deltas=(manifests.Run(head.epoch, head.seq, 1, 1),),
        chain_hash=encoding.chain_hash(snapshot.sha256, [b"a2>a3"]),
    )
    core.data.values[keys.manifest(A)] = manifests.sign(fresh, KEY)
    return fresh
