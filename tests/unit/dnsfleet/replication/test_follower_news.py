"""The follower and its announcements: which ones it believes, and what its acks then claim."""

from dataclasses import replace

import pytest
from dnsfleet.replication import events, keys, manifests
from dnsfleet.replication.commands import ReadLog
from dnsfleet.replication.follower import Follower
from support.core_model import KEY, POP, Core, Database, Edge
from support.follower_rigs import A, B, Rig, core_of_two_zones, kinds, settled_rig


@pytest.fixture
def core() -> Core:
    return core_of_two_zones()


@pytest.fixture
def rig(core: Core) -> Rig:
    return settled_rig(core)


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
    assert rig.claim == (core.lsn, {})


def shown_late(core: Core) -> Database:
    """What is read of a2, b2 and a3 by one who hears of a2, and then reads the manifest of a3."""
    core.publish(A, b"a2")
    heard = core.data.copy()
    core.publish(B, b"b2")
    core.publish(A, b"a3")
    return replace(heard, values=core.data.values)


def test_an_ack_never_runs_ahead_of_the_log(rig: Rig, core: Core) -> None:
    """A manifest that is newer than the log entry read proves nothing about zones in between."""
    rig.edge.data = shown_late(core)
    rig.settle()
    assert rig.edge.served == {A: b"a3", B: b"b1"}
    assert rig.claim == (rig.edge.data.position, {})
    assert rig.edge.data.position < core.manifests[B].lsn
    rig.edge.data = core.data
    rig.settle()
    assert rig.claim == (core.lsn, {})


def test_a_gap_is_made_up_for_by_the_replica_that_showed_it(rig: Rig, core: Core) -> None:
    rig.edge.data = shown_late(core)
    rig.settle()  # it holds a3, and b2 was not announced to it
    assert rig.log is not None
    # The entry of b2 is trimmed, and the index is not read yet.
    rig.follower.feed(events.LogRead(rig.log, core.data.log[-1:], core.data.position))
    rig.feed(events.Disconnected())
    rig.feed(events.Connected())
    assert rig.edge.served == {A: b"a3", B: b"b1"}
    assert rig.claim[0] < core.manifests[B].lsn


def test_a_log_that_is_silent_about_a_change_is_made_up_for(rig: Rig, core: Core) -> None:
    """An entry with a position far ahead: what is written after it, the log never shows."""
    core.data.log.append((b"999999999999-0", {b"zone": b"", b"after": b"%d" % core.lsn}))
    rig.settle()
    core.publish(A, b"a2")
    del core.data.log[-1]  # a stream takes no entry below its newest
    rig.settle()
    assert rig.follower.gap, "so a Resync comes soon"
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.served[A] == b"a2"
    assert rig.claim == (core.lsn, {})


def test_a_replica_that_shows_what_nobody_wrote_proves_nothing(rig: Rig, core: Core) -> None:
    core.publish(A, b"a2")
    rig.edge.data = core.data.copy()
    rig.edge.data.zones[b"c.example."] = b"5 1.1"
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.served[A] == b"a2"
    assert rig.claim[0] == -1


def test_a_head_with_another_sum_has_the_index_read_again_once(rig: Rig, core: Core) -> None:
    core.publish(A, b"a2")
    entry_id, fields = core.data.log[-1]
    core.data.log[-1] = (entry_id, {**fields, b"revision": b"1.1"})
    core.head()
    done = kinds(rig.settle())
    assert done.count("ReadIndex") == 1
    assert rig.edge.served[A] == b"a2"
    assert rig.claim == (core.lsn, {})


def test_a_failure_that_an_older_replica_does_not_know_of_is_claimed_no_more(
    rig: Rig, core: Core
) -> None:
    old = core.data.copy()
    core.publish(A, b"a2")
    core.publish(B, b"b2")
    del core.data.values[keys.manifest(A)]
    rig.settle()
    assert rig.claim == (core.lsn, {A: "its manifest is missing"})
    rig.edge.data = old
    rig.feed(events.Resync())
    rig.settle()
    assert rig.claim == (core.manifests[A].lsn - 1, {})


def test_an_announcement_ends_with_the_connection_that_brought_it(core: Core) -> None:
    liar = core.data.copy()
    liar.zones[b"c.example."] = b"5 5.5"
    edge, follower = Edge(liar), Follower(POP, (KEY.public_key(),))
    [index] = follower.feed(events.Connected())
    follower.feed(edge.execute(index))  # type: ignore[arg-type]
    assert follower.waiting == 3
    follower.feed(events.Disconnected())
    rig = Rig(core)
    rig.follower = follower
    rig.feed(events.Connected())
    assert rig.claim == (core.lsn, {})
    assert follower.complete


def test_an_announcement_cannot_make_an_older_replica_believed(rig: Rig, core: Core) -> None:
    old = core.data.copy()
    core.publish(A, b"a2")
    rig.settle()
    old.zones[A.encode()] = b"999999999 9.9"
    rig.edge.data = old
    rig.feed(events.Resync())
    assert not {"Load", "Apply"} & set(kinds(rig.settle()))
    assert rig.edge.served[A] == b"a2"


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
    assert rig.claim == (core.lsn, {})


def test_an_announcement_cannot_raise_an_ack(rig: Rig, core: Core) -> None:
    core.data.zones[A.encode()] = b"999999999 9.9"
    rig.feed(events.Resync())
    rig.settle()
    assert rig.claim[0] == -1
    assert rig.ack.failing == {A: "its manifest is 1.1, and 9.9 was announced"}


def test_a_zone_that_was_refused_is_proved_where_the_core_has_it_older(
    rig: Rig, core: Core
) -> None:
    old = core.data.copy()
    newer = core.publish(A, b"a2")
    rig.settle()
    liar = core.data.copy()
    liar.zones[A.encode()] = b"999999999 9.9"
    rig.edge.data = liar
    rig.feed(events.Resync())
    rig.settle()
    assert rig.ack.failing.keys() == {A}
    rig.edge.data = old
    rig.feed(events.Resync())
    rig.settle()
    assert rig.ack.ahead == {A: manifests.sign(newer, KEY)}


def test_an_invented_announcement_hides_no_true_one(rig: Rig, core: Core) -> None:
    core.publish("c.example.", b"c1")
    rig.edge.data = core.data.copy()
    rig.edge.data.zones[b"c.example."] = b"5 99.9"
    del rig.edge.data.values[keys.manifest("c.example.")]
    rig.feed(events.Resync())
    rig.settle()
    assert "c.example." not in rig.edge.served
    rig.edge.data = core.data
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.served["c.example."] == b"c1"
    assert rig.claim == (core.lsn, {})
