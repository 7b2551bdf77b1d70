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


def test_what_a_former_key_signed_gives_way_to_what_a_valid_one_signs() -> None:
    """The core lost its data and the key, and whoever writes now knows no revision of before."""
    core = core_of_two_zones()
    core.epoch = 9
    core.publish(A, b"a2")
    rig = settled_rig(core)
    rig.feed(events.KeysChanged(BOTH))
    core.key, core.epoch = NEXT, 4
    core.lose_everything()
    core.publish(A, b"a3")
    rig.edge.data = core.data
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.served == {A: b"a2", "b.example.": b"b1"}
    assert rig.ack.ahead.keys() == {A}, "the writer takes the word of a key that is valid yet"
    rig.feed(events.KeysChanged((NEXT.public_key(),)))
    rig.settle()
    assert rig.edge.served == {A: b"a3", "b.example.": b"b1"}
    assert not rig.ack.ahead
    assert acks.answered(rig.ack, core.positions) == core.lsn


def test_a_former_keys_zone_stays_while_nothing_valid_is_there_and_the_edge_says_so() -> None:
    core = core_of_two_zones()
    core.epoch = 9
    core.publish(A, b"a2")
    older = core_of_two_zones()
    rig = settled_rig(core)
    rig.feed(events.KeysChanged((NEXT.public_key(),)))
    rig.edge.data = older.data
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.served[A] == b"a2"
    assert A in rig.ack.failing


def test_what_a_valid_key_signed_never_goes_back_whatever_keys_come_and_go() -> None:
    core = core_of_two_zones()
    rig = settled_rig(core)
    rig.feed(events.KeysChanged(BOTH))
    core.key, core.epoch = NEXT, 9
    core.publish(A, b"a2")
    rig.settle()
    rig.feed(events.KeysChanged((NEXT.public_key(),)))
    core.epoch = 4
    core.lose_everything()
    core.publish(A, b"a3")
    rig.edge.data = core.data
    for _ in range(2):
        rig.feed(events.Resync())
        rig.settle()
        assert rig.edge.served[A] == b"a2"
        assert rig.ack.ahead.keys() == {A}


def test_a_former_keys_head_of_the_fleet_keeps_no_edge_closed() -> None:
    core = core_of_two_zones()
    core.epoch = 9
    core.publish("lost.example.", b"x1")
    core.head()
    for name in core.manifests["lost.example."].chunk_keys():
        del core.data.values[name]
    rig = settled_rig(core)
    assert not rig.follower.complete
    core.end("lost.example.")
    core.key, core.epoch = NEXT, 4
    core.lose_everything()
    rig.edge.data = core.data
    rig.feed(events.KeysChanged((NEXT.public_key(),)))
    rig.feed(events.Resync())
    rig.settle()
    assert rig.follower.complete


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
