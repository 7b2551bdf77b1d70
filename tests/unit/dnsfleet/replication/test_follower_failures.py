"""The follower where a zone cannot be loaded: only that one fails, and the edge is incomplete."""

from dataclasses import replace

import pytest
from dnsfleet.replication import events, keys, manifests
from dnsfleet.replication.manifests import FleetHead
from support.core_model import FORGER, KEY, Core
from support.follower_rigs import A, B, Rig, core_of_two_zones, kinds, settled_rig


@pytest.fixture
def core() -> Core:
    return core_of_two_zones()


@pytest.fixture
def rig(core: Core) -> Rig:
    return settled_rig(core)


DAMAGE = {
    "missing manifest": "its manifest is missing",
    "forged manifest": "the signature is not from this fleet's publisher",
    "newer format": "format 2, this version reads 1",
    "other zone": f"its manifest is the one of {B}",
    "older manifest": "its manifest is 1.1, and 1.2 was announced",
    "missing chunk": "1 of 1 chunks are missing",
    "changed chunk": "the SHA-256 of the deltas is not the one that was signed",
}


DISTRUSTED = {
    "forged manifest": {"manifest"},
    "other zone": {"manifest"},
    "changed chunk": {"payload"},
}
"""What no valid key signed; all other damage is data that is missing, old or too new."""


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
        case "newer format":
            values[name] = manifests.sign(replace(made, format=2), KEY)
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
    assert set(rig.distrusted) == DISTRUSTED.get(damage, set())
    rig.distrusted = []
    values.update(good)
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.served == {A: b"a2", B: b"b2"}
    assert rig.distrusted == []
    assert rig.claim == (core.lsn, {})


@pytest.mark.parametrize(
    ("head", "distrusted"),
    [
        (manifests.sign_fleet(FleetHead(1, 9, 9), FORGER), ["fleet"]),
        (b"no head", ["fleet"]),
        (manifests.sign_fleet(FleetHead(1, 9, 9, format=2), KEY), []),
    ],
)
def test_a_head_of_the_fleet_that_no_valid_key_signed_is_distrusted(
    rig: Rig, core: Core, head: bytes, distrusted: list[str]
) -> None:
    core.data.values[keys.FLEET] = head
    rig.feed(events.Resync())
    rig.settle()
    assert rig.distrusted == distrusted


def test_a_zone_that_fails_is_tried_again_with_its_next_manifest(rig: Rig, core: Core) -> None:
    made = core.publish(A, b"a2")
    del core.data.values[keys.delta(A, made.revision, 1)[0]]
    rig.settle()
    assert A in rig.ack.failing
    core.publish(A, b"a3", new_snapshot=True)
    rig.settle()
    assert rig.edge.served[A] == b"a3"
    assert rig.claim == (core.lsn, {})


def test_an_engine_that_cannot_apply_gets_the_snapshot(rig: Rig, core: Core) -> None:
    rig.edge.served[A] = b"something else"
    core.publish(A, b"a2")
    done = kinds(rig.settle())
    assert done.index("Apply") < done.index("Load")
    assert rig.edge.served[A] == b"a2"


def test_a_failure_is_over_where_nobody_tells_of_the_revision_that_failed(
    rig: Rig, core: Core
) -> None:
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
    assert rig.claim == (between.position, {})
    rig.edge.data = core.data
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.served[A] == b"a2"
    assert rig.claim[1].keys() == {A}


def test_an_edge_is_complete_only_with_as_many_zones_as_the_head_counts(core: Core) -> None:
    core.publish("c.example.", b"c1", pops=("fra",))
    core.head()
    whole = core.data
    core.data = whole.copy()
    del core.data.zones[B.encode()]
    rig = Rig(core)
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


def test_an_edge_that_lacks_a_zone_withholds_it_after_a_second_try(core: Core) -> None:
    core.publish("c.example.", b"another")
    snapshot = core.manifests[A].snapshot_keys()[0]
    kept = core.data.values.pop(snapshot)
    rig = Rig(core)
    rig.feed(events.Connected())
    assert rig.edge.served.keys() == {B, "c.example."}
    assert not rig.follower.complete
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.withheld == {A}
    assert rig.follower.complete
    assert rig.claim == (core.lsn, {A: "1 of 1 chunks are missing"})
    core.data.values[snapshot] = kept
    rig.feed(events.Resync())
    rig.settle()
    assert rig.edge.served[A] == b"a1"
    assert rig.edge.withheld == set()
    assert rig.claim == (core.lsn, {})


def test_a_zone_that_is_withheld_may_end(core: Core) -> None:
    del core.data.values[core.manifests[A].snapshot_keys()[0]]
    rig = Rig(core)
    for event in (events.Connected(), events.Resync()):
        rig.feed(event)
    rig.settle()
    assert rig.edge.withheld == {A}
    core.remove(A)
    rig.settle()
    assert rig.edge.withheld == set()
    assert rig.claim == (core.lsn, {})


def test_what_is_only_announced_never_keeps_an_edge_waiting(core: Core) -> None:
    """As a tombstone that a former key signed, or an entry that nobody wrote."""
    core.data.zones[b"c.example."] = b"5 1.1"
    core.data.values[keys.manifest("c.example.")] = b"nobody signed it"
    rig = Rig(core)
    rig.feed(events.Connected())
    assert rig.follower.complete
    assert rig.ack.failing.keys() == {"c.example."}


def test_a_zone_that_nobody_can_verify_keeps_an_edge_waiting(core: Core) -> None:
    kept = core.data.values.pop(keys.manifest(A))
    rig = Rig(core)
    for event in (events.Connected(), events.Resync(), events.Resync()):
        rig.feed(event)
        rig.settle()
    assert not rig.follower.complete
    core.data.values[keys.manifest(A)] = kept
    rig.feed(events.Resync())
    rig.settle()
    assert rig.follower.complete


def test_the_head_of_an_older_writer_counts_zones(core: Core) -> None:
    head = manifests.FleetHead(1, core.lsn, 2)
    core.data.values[keys.FLEET] = manifests.sign_fleet(head, KEY)
    rig = Rig(core)
    rig.feed(events.Connected())
    assert rig.follower.complete
