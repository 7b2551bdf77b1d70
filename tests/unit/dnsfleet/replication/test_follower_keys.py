"""A follower whose publisher gets another key."""

from dnsfleet.replication import acks, events, keys
from support.core_model import KEY, NEXT
from support.follower_rigs import A, core_of_two_zones, kinds, settled_rig

BOTH = (KEY.public_key(), NEXT.public_key())


def test_a_key_that_is_known_before_it_signs_delays_nothing() -> None:
    core = core_of_two_zones()
    rig = settled_rig(core)
    rig.feed(events.KeysChanged(BOTH))
    rig.settle()
    core.key = NEXT
    core.publish(A, b"a2")
    core.head()
    assert kinds(rig.settle()) == ["ReadManifests", "ReadChunks", "Apply", "Ack", "ReadFleet"]
    rig.feed(events.KeysChanged((NEXT.public_key(),)))
    rig.settle()
    assert rig.edge.served[A] == b"a2"
    assert rig.edge.served["b.example."] == b"b1", "what was verified stays a fact"
    assert not rig.ack.failing


def test_a_key_that_comes_late_brings_what_was_no_news_at_once() -> None:
    core = core_of_two_zones()
    rig = settled_rig(core)
    core.key = NEXT
    core.publish(A, b"a2")
    rig.settle()
    assert rig.edge.served[A] == b"a1"
    assert A in rig.ack.failing
    rig.feed(events.KeysChanged(BOTH))
    rig.settle()
    assert rig.edge.served[A] == b"a2"
    assert not rig.ack.failing


def test_a_key_that_comes_after_many_tries_in_vain_brings_the_news_at_once() -> None:
    core = core_of_two_zones()
    rig = settled_rig(core)
    core.key = NEXT
    core.publish(A, b"a2")
    rig.settle()
    for _ in range(8):
        rig.feed(events.Resync())
        rig.settle()
    assert A in rig.ack.failing
    rig.feed(events.KeysChanged(BOTH))
    rig.settle()
    assert rig.edge.served[A] == b"a2"
    assert not rig.ack.failing


def test_a_tombstone_by_a_key_that_is_not_valid_removes_nothing() -> None:
    core = core_of_two_zones()
    rig = settled_rig(core)
    core.key = NEXT
    core.remove(A)
    rig.settle()
    assert rig.edge.served[A] == b"a1"


def test_what_leaves_the_index_is_named_no_more_and_the_sums_agree_again() -> None:
    core = core_of_two_zones()
    core.key = NEXT
    core.publish("former.example.", b"x1")
    rig = settled_rig(core)
    assert rig.ack.failing.keys() == {"former.example."}
    core.key = KEY
    core.end("former.example.")
    assert "ReadIndex" in kinds(rig.settle())
    assert not rig.ack.failing
    assert acks.answered(rig.ack, core.positions) == core.lsn
    core.publish(A, b"a2")
    rig.settle()
    assert acks.answered(rig.ack, core.positions) == core.lsn


def test_what_has_left_the_index_keeps_no_edge_closed() -> None:
    core = core_of_two_zones()
    for zone in ("orphan.example.", "damaged.example."):
        core.publish(zone, b"x1")
    for name in core.manifests["damaged.example."].chunk_keys():
        del core.data.values[name]
    del core.data.values[keys.FLEET]
    rig = settled_rig(core)
    assert rig.edge.served.keys() == {A, "b.example.", "orphan.example."}
    core.end("orphan.example.")
    core.end("damaged.example.")
    core.head()
    rig.settle()
    assert rig.follower.complete
    assert rig.edge.served["orphan.example."] == b"x1", "absence removes nothing"
