"""A refresh: all zones are loaded anew from snapshots, and nothing else is delayed or claimed."""

from dnsfleet.replication import commands, events, keys
from dnsfleet.replication.revisions import Revision
from support.follower_rigs import A, B, core_of_two_zones, kinds, settled_rig

FIRST, SECOND = Revision(3, 1), Revision(3, 2)


def test_every_zone_is_loaded_from_its_snapshot_and_no_ack_moves() -> None:
    core = core_of_two_zones()
    core.publish(A, b"a2")
    rig = settled_rig(core)
    acks, served = list(rig.edge.acks), dict(rig.edge.served)
    rig.feed(events.Refresh(FIRST))
    assert rig.follower.refreshed is None
    done = rig.settle()
    loads = [each for each in done if isinstance(each, commands.Load)]
    assert sorted(load.manifest.zone for load in loads) == [A, B]
    assert (rig.edge.acks, rig.edge.served) == (acks, served)
    assert rig.follower.refreshed == FIRST


def test_between_two_zones_the_log_is_read() -> None:
    rig = settled_rig(core_of_two_zones())
    rig.feed(events.Refresh(FIRST))
    rig.settle()
    order = [each for each in kinds(rig.done) if each in ("Load", "ReadLog")]
    assert order[:3] == ["Load", "ReadLog", "Load"]


def test_a_snapshot_that_is_missing_is_tried_again_and_its_zone_does_not_fail() -> None:
    core = core_of_two_zones()
    rig = settled_rig(core)
    name = next(key for key in core.data.values if key.startswith(f"{keys.PREFIX}snapshot:{A}"))
    chunk = core.data.values.pop(name)
    rig.feed(events.Refresh(FIRST))
    rig.settle()
    assert rig.follower.refreshed is None
    assert rig.claim == (core.data.position, {})
    core.data.values[name] = chunk
    rig.feed(events.Resync())
    rig.settle()
    assert rig.follower.refreshed == FIRST


def test_an_edge_without_zones_has_done_it_and_a_later_one_takes_its_place() -> None:
    core = core_of_two_zones()
    rig = settled_rig(core)
    rig.feed(events.Refresh(FIRST))
    rig.feed(events.Refresh(SECOND))
    rig.settle()
    assert rig.follower.refreshed == SECOND
    core.remove(A)
    core.remove(B)
    rig.settle()
    rig.feed(events.Refresh(Revision(3, 3)))
    assert rig.follower.refreshed == Revision(3, 3)
