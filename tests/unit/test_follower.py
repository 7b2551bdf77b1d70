"""The follower, one situation at a time."""

from dataclasses import replace

import pytest
from dnsfleet import commands, encoding, events, keys, manifests
from dnsfleet.commands import Ack, Apply, Drop, Load, ReadChunks, ReadIndex, ReadLog, ReadManifests
from dnsfleet.encoding import CHUNK_SIZE
from dnsfleet.follower import MANIFESTS_AT_ONCE, Follower
from dnsfleet.revisions import Revision
from support.core_model import FORGER, KEY, POP, Core, Database, Edge

A, B = "a.example.", "b.example."


class Rig:
    """A follower on a core's data; `settle` runs it until only the wait for news is left."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.follower = Follower(POP, KEY.public_key())
        self.edge = Edge(core.data)
        self.done: list[commands.Command] = []
        self.log: ReadLog | None = None
        self.honest = True  # the replica is as some core was once, so acks must be true

    def feed(self, event: events.Event) -> None:
        todo = self.follower.feed(event)
        while todo:
            command = todo.pop(0)
            self.done.append(command)
            if isinstance(command, ReadLog):
                self.log = command
            elif isinstance(command, Ack):
                self.edge.execute(command)
                if self.honest:
                    self.edge.check_claim(self.core, command)
            elif (answer := self.edge.execute(command)) is not None:
                todo += self.follower.feed(answer)

    def settle(self) -> list[commands.Command]:
        """Answer the wait for news until nothing follows from it; what was done meanwhile."""
        self.done = []
        while self.log is not None:
            log, before, self.log = self.log, len(self.done), None
            answer = self.edge.execute(log)
            assert isinstance(answer, events.LogRead)
            self.feed(answer)
            if not answer.entries and len(self.done) == before + 1:
                break
        return [done for done in self.done if not isinstance(done, ReadLog)]

    @property
    def ack(self) -> Ack:
        return self.edge.acks[-1]


@pytest.fixture
def core() -> Core:
    core = Core()
    core.publish(A, b"a1")
    core.publish(B, b"b1")
    core.head()
    return core


@pytest.fixture
def rig(core: Core) -> Rig:
    rig = Rig(core)
    rig.feed(events.Connected())
    rig.settle()
    return rig


def kinds(done: list[commands.Command]) -> list[str]:
    return [type(command).__name__ for command in done]


def test_an_empty_edge_loads_everything_and_is_complete(core: Core) -> None:
    rig = Rig(core)
    assert not rig.follower.complete
    rig.feed(events.Connected())
    assert kinds(rig.done) == [
        *("ReadIndex", "Ack", "ReadManifests", "ReadChunks", "Load", "Ack", "ReadChunks"),
        *("Load", "Ack", "ReadFleet", "ReadLog"),
    ]
    assert rig.edge.served == {A: b"a1", B: b"b1"}
    assert rig.ack == Ack(core.manifests[B].lsn, {}, 0)
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
    assert rig.ack == Ack(core.lsn, {}, 0)


def test_an_older_replica_is_ignored_until_it_has_passed_us(rig: Rig, core: Core) -> None:
    old = core.data.copy()
    core.publish(A, b"a2")
    rig.settle()
    rig.edge.data = old
    rig.feed(events.Disconnected())
    rig.feed(events.Connected())
    assert "Load" not in kinds(rig.settle())
    assert rig.edge.served[A] == b"a2"
    core.publish(A, b"a3")
    rig.edge.data = core.data
    rig.settle()
    assert rig.edge.served[A] == b"a3"


def test_a_trimmed_log_is_made_up_for_by_the_index(rig: Rig, core: Core) -> None:
    core.publish(A, b"a2")
    core.publish(B, b"b2")
    core.head()
    del core.data.log[:-1]
    done = kinds(rig.settle())
    assert done.count("ReadIndex") == 1
    assert rig.edge.served == {A: b"a2", B: b"b2"}
    assert rig.ack == Ack(core.manifests[B].lsn, {}, 0)


def test_a_tombstone_removes_and_a_new_zone_may_come_back(rig: Rig, core: Core) -> None:
    core.remove(A)
    assert [type(done) for done in rig.settle() if not isinstance(done, Ack)][-1] is Drop
    assert rig.edge.served == {B: b"b1"}
    core.publish(A, b"a3")
    rig.settle()
    assert rig.edge.served[A] == b"a3"
    assert rig.edge.held[A].revision == Revision(1, 3)


def test_a_zone_for_other_pops_is_dropped_and_is_no_failure(rig: Rig, core: Core) -> None:
    core.publish(A, b"a1", pops=("fra",))
    rig.settle()
    assert rig.edge.served == {B: b"b1"}
    core.publish(A, b"a2", pops=("fra",))
    rig.settle()
    assert rig.ack == Ack(core.lsn, {}, 0)
    core.publish(A, b"a3", pops=(POP, "fra"))
    assert "Load" in kinds(rig.settle())
    assert rig.edge.served[A] == b"a3"


def test_an_edge_is_complete_only_with_as_many_zones_as_the_head_counts(core: Core) -> None:
    core.publish("c.example.", b"c1", pops=("fra",))
    core.head()
    whole = core.data
    core.data = whole.copy()
    del core.data.zones[B.encode()]
    rig = Rig(core)
    rig.honest = False
    rig.feed(events.Connected())
    assert not rig.follower.complete
    rig.edge.data = whole
    rig.feed(events.Disconnected())
    rig.feed(events.Connected())
    assert rig.follower.complete


def test_a_tombstone_after_the_head_does_not_keep_an_edge_waiting(core: Core) -> None:
    core.remove(A)
    rig = Rig(core)
    rig.feed(events.Connected())
    assert rig.follower.complete
    assert rig.edge.served == {B: b"b1"}


def test_an_edge_without_a_head_is_not_complete_until_it_comes(core: Core) -> None:
    del core.data.values[keys.FLEET]
    rig = Rig(core)
    rig.feed(events.Connected())
    rig.settle()
    assert not rig.follower.complete
    core.head()
    rig.settle()
    assert rig.follower.complete


DAMAGE = {
    "missing manifest": "its manifest is missing",
    "forged manifest": "the signature is not from this fleet's publisher",
    "other zone": f"its manifest is the one of {B}",
    "older manifest": "its manifest is 1.1, and 1.2 was announced",
    "missing chunk": "1 of 1 chunks are missing",
    "changed chunk": "the SHA-256 of the deltas is not the one that was signed",
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGE.items())
def test_damage_stays_with_its_zone_and_heals(
    rig: Rig, core: Core, damage: str, reason: str
) -> None:
    old = core.data.values[keys.manifest(A)]
    made = core.publish(A, b"a2")
    core.publish(B, b"b2")
    values = core.data.values
    good = dict(values)
    name, chunk = keys.manifest(A), keys.delta(A, made.revision, 1)[0]
    match damage:
        case "missing manifest":
            del values[name]
        case "forged manifest":
            values[name] = manifests.sign(made, FORGER)
        case "other zone":
            values[name] = values[keys.manifest(B)]
        case "older manifest":
            values[name] = old
        case "missing chunk":
            del values[chunk]
        case "changed chunk":
            values[chunk] = b"a1>evil"
    rig.settle()
    assert rig.edge.served == {A: b"a1", B: b"b2"}
    assert rig.ack.failing == {A: reason}
    assert rig.ack.failing_count == 1
    values.update(good)
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.served == {A: b"a2", B: b"b2"}
    assert rig.ack == Ack(core.lsn, {}, 0)


def test_a_zone_that_fails_is_tried_again_with_its_next_manifest(rig: Rig, core: Core) -> None:
    made = core.publish(A, b"a2")
    del core.data.values[keys.delta(A, made.revision, 1)[0]]
    rig.settle()
    assert A in rig.ack.failing
    core.publish(A, b"a3", new_snapshot=True)
    rig.settle()
    assert rig.edge.served[A] == b"a3"
    assert rig.ack == Ack(core.lsn, {}, 0)


def test_an_edge_that_lacks_a_zone_because_it_fails_is_not_complete(core: Core) -> None:
    core.publish("c.example.", b"more than the head counts")
    snapshot = core.manifests[A].snapshot_keys()[0]
    kept = core.data.values.pop(snapshot)
    rig = Rig(core)
    rig.feed(events.Connected())
    assert rig.edge.served.keys() == {B, "c.example."}
    assert not rig.follower.complete
    core.data.values[snapshot] = kept
    rig.feed(events.Resync())
    rig.settle()
    assert rig.follower.complete


def test_an_engine_that_cannot_apply_gets_the_snapshot(rig: Rig, core: Core) -> None:
    rig.edge.served[A] = b"something else"
    core.publish(A, b"a2")
    done = kinds(rig.settle())
    assert done.index("Apply") < done.index("Load")
    assert rig.edge.served[A] == b"a2"


def test_what_was_restored_is_not_loaded_again(rig: Rig, core: Core) -> None:
    core.remove(B)
    rig.settle()
    again = Rig(core)
    again.edge = rig.edge
    again.follower.feed(events.Restored(list(rig.edge.held.values())))
    again.feed(events.Connected())
    assert kinds(again.done) == ["ReadIndex", "Ack", "ReadFleet", "ReadLog"]
    core.publish(A, b"a2")
    assert "Apply" in kinds(again.settle())


def test_a_restart_does_not_forget_a_tombstone(rig: Rig, core: Core) -> None:
    old = core.data.copy()
    core.remove(A)
    rig.settle()
    again = Rig(core)
    again.edge = rig.edge
    again.edge.data = old
    again.follower.feed(events.Restored(list(rig.edge.held.values())))
    again.feed(events.Connected())
    assert again.edge.served == {B: b"b1"}


def test_an_ack_never_runs_ahead_of_the_log(rig: Rig, core: Core) -> None:
    """A manifest that is newer than the log entry read vouches for no zone in between."""
    core.publish(A, b"a2")
    seen = len(core.data.log)
    core.publish(B, b"b2")
    core.publish(A, b"a3")
    late = core.data.log[seen:]
    del core.data.log[seen:]
    rig.settle()
    assert rig.edge.served == {A: b"a3", B: b"b1"}
    assert rig.ack.lsn < core.manifests[B].lsn
    core.data.log += late
    rig.settle()
    assert rig.ack == Ack(core.lsn, {}, 0)


def test_a_gap_is_made_up_for_by_the_replica_that_showed_it(rig: Rig, core: Core) -> None:
    core.publish(A, b"a2")
    old = core.data.copy()
    core.publish(B, b"b2")
    core.publish(A, b"a3")
    late = core.data.log[-2:]
    del core.data.log[-2:]
    rig.settle()  # it holds a3, and has not heard of b2
    assert rig.log is not None
    rig.follower.feed(events.LogRead(rig.log, late[1:]))  # b2 is trimmed, and the index not read
    rig.edge.data = old
    rig.feed(events.Disconnected())
    rig.feed(events.Connected())
    assert rig.edge.served == {A: b"a3", B: b"b1"}
    assert rig.ack.lsn < core.manifests[B].lsn


def test_a_failure_that_an_older_replica_does_not_know_of_is_claimed_no_more(
    rig: Rig, core: Core
) -> None:
    old = core.data.copy()
    core.publish(A, b"a2")
    core.publish(B, b"b2")
    del core.data.values[keys.manifest(A)]
    rig.settle()
    assert rig.ack == Ack(core.lsn, {A: "its manifest is missing"}, 1)
    rig.edge.data = old
    rig.feed(events.Resync())
    rig.settle()
    assert rig.ack == Ack(core.manifests[A].lsn - 1, {}, 0)


def test_a_failure_is_over_only_with_the_revision_that_failed(rig: Rig, core: Core) -> None:
    core.publish(A, b"a2")
    between = core.data.copy()
    failed = core.publish(A, b"a3")
    del core.data.values[keys.delta(A, failed.revision, 1)[0]]
    rig.settle()
    assert rig.ack.failing.keys() == {A}
    rig.edge.data = between
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.served[A] == b"a2"
    assert rig.ack.failing.keys() == {A}


def test_a_rumour_ends_with_the_connection_that_brought_it(core: Core) -> None:
    liar = core.data.copy()
    liar.zones[b"c.example."] = b"5 5.5"
    edge, follower = Edge(liar), Follower(POP, KEY.public_key())
    [index] = follower.feed(events.Connected())
    follower.feed(edge.execute(index))  # type: ignore[arg-type]
    assert follower.waiting == 3
    follower.feed(events.Disconnected())
    rig = Rig(core)
    rig.follower = follower
    rig.feed(events.Connected())
    assert rig.ack == Ack(core.manifests[B].lsn, {}, 0)
    assert follower.complete


def test_a_rumour_cannot_make_an_older_replica_believed(rig: Rig, core: Core) -> None:
    old = core.data.copy()
    core.publish(A, b"a2")
    rig.settle()
    old.zones[A.encode()] = b"999999999 9.9"
    rig.edge.data, rig.honest = old, False
    rig.feed(events.Resync())
    assert not {"Load", "Apply"} & set(kinds(rig.settle()))
    assert rig.edge.served[A] == b"a2"


def test_a_zone_that_failed_and_is_gone_does_not_keep_an_edge_waiting(core: Core) -> None:
    for key in core.manifests[A].chunk_keys():
        del core.data.values[key]
    rig = Rig(core)
    rig.feed(events.Connected())
    assert rig.ack.failing.keys() == {A}
    anew = Core()
    anew.publish(B, b"b1")
    anew.head()
    rig.core, rig.edge.data = anew, anew.data
    rig.feed(events.Resync())
    rig.settle()
    assert rig.ack.failing == {}
    assert not rig.follower.complete, "the head that counts two zones is not forgotten"
    anew.epoch = 2
    anew.head()
    rig.settle()
    assert rig.follower.complete


def test_late_and_repeated_answers_change_nothing(rig: Rig, core: Core) -> None:
    log = rig.log
    assert log is not None
    core.publish(A, b"a2")
    answer = rig.edge.execute(log)
    assert answer is not None
    rig.feed(answer)
    assert rig.follower.feed(answer) == []
    empty = events.IndexRead(ReadIndex(), {})
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
    assert rig.ack == Ack(core.lsn, {}, 0)


def test_manifests_are_read_a_few_at_a_time() -> None:
    core = Core()
    for number in range(MANIFESTS_AT_ONCE * 2 + 1):
        core.publish(f"{number}.example.", b"x")
    rig = Rig(core)
    rig.feed(events.Connected())
    sizes = [len(done.origins) for done in rig.done if isinstance(done, ReadManifests)]
    assert sizes == [MANIFESTS_AT_ONCE, MANIFESTS_AT_ONCE, 1]
    assert len(rig.edge.served) == MANIFESTS_AT_ONCE * 2 + 1


@pytest.mark.parametrize(
    "index",
    [
        {b"\xff": b"1 1.1"},
        {b"c.example.": b""},
        {b"c.example.": b"x 1.1"},
        {b"c.example.": b"1 1"},
        {b"c.example.": b"9999999999999999999999 1.1"},
    ],
)
def test_an_index_entry_that_cannot_be_read_is_skipped(rig: Rig, index: dict[bytes, bytes]) -> None:
    rig.edge.data.zones.update(index)
    rig.feed(events.Resync())
    rig.settle()
    assert rig.ack.failing == {}


def test_a_log_entry_that_cannot_be_read_is_a_gap(rig: Rig, core: Core) -> None:
    core.publish(A, b"a2")
    entry_id, fields = core.data.log[-1]
    core.data.log[-1] = (entry_id, {**fields, b"revision": b"?"})
    assert "ReadIndex" in kinds(rig.settle())
    assert rig.edge.served[A] == b"a2"


@pytest.mark.parametrize("fields", [{}, {b"zone": b"", b"after": b"?"}, {b"after": b"9" * 16}])
def test_a_newest_log_entry_that_cannot_be_read_is_read_once(
    rig: Rig, core: Core, fields: dict[bytes, bytes]
) -> None:
    core.head()
    core.data.log[-1] = (core.data.log[-1][0], fields)
    assert rig.log is not None
    rig.feed(rig.edge.execute(rig.log))  # type: ignore[arg-type]
    assert rig.log == ReadLog(core.lsn)
    core.publish(A, b"a2")
    rig.settle()
    assert rig.edge.served[A] == b"a2"
    assert rig.ack == Ack(core.lsn, {}, 0)


def test_a_rumour_cannot_raise_an_ack(rig: Rig, core: Core) -> None:
    core.data.zones[A.encode()] = b"999999999 9.9"
    rig.feed(events.Resync())
    rig.settle()
    assert rig.ack.lsn == core.manifests[B].lsn
    assert rig.ack.failing == {A: "its manifest is 1.1, and 9.9 was announced"}


def test_chunks_of_a_held_walk_are_the_new_ones_only(rig: Rig, core: Core) -> None:
    core.publish(A, b"a2")
    rig.settle()
    made = core.publish(A, b"a3")
    done = rig.settle()
    assert [d.keys for d in done if isinstance(d, ReadChunks)] == [
        tuple(keys.delta(A, made.revision, 1))
    ]
    assert not any(isinstance(d, Load) for d in done)


def test_a_snapshot_of_the_held_revision_starts_a_new_chain(rig: Rig, core: Core) -> None:
    """A publisher rewrites the snapshot one revision back, so whoever is up to date walks on."""
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
        chain=encoding.chain(snapshot.sha256, [b"a2>a3"]),
    )
    core.data.values[keys.manifest(A)] = manifests.sign(fresh, KEY)
    return fresh
