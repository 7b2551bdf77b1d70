"""Which change is live where, from acks."""

import pytest
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_cli.up.events import Event, Propagated, Removed, Warned
from dnsfleet_cli.up.propagation import Propagation
from support.evidence import known_positions, proved


def manifest(
    lsn: int, zone: str = "a.", pops: tuple[str, ...] | None = None, tombstone: bool = False
) -> Manifest:
    return Manifest(
        zone=zone,
        revision=Revision(7, lsn),
        previous=None,
        lsn=lsn,
        serial=lsn,
        digest=b"",
        rrsets=2,
        records=2,
        time_ms=0,
        pops=pops,
        tombstone=tombstone,
    )


LOG = known_positions()


def ack(lsn: int, **failing: str) -> Ack:
    return proved(lsn, {f"{zone}.": why for zone, why in failing.items()})


def running(said: Ack) -> Ack:
    """By a process that runs since then."""
    return said._replace(started_ms=1)


@pytest.mark.parametrize(
    ("pops", "acks", "arrived_at"),
    [
        (None, {"x": ack(5), "y": ack(5)}, 2),
        (None, {"x": ack(6), "y": ack(9)}, 2),
        (None, {"x": ack(5), "y": ack(4)}, None),
        (None, {"x": ack(5)}, None),
        (None, {"x": ack(5), "y": ack(5)._replace(total=4)}, None),
        (None, {"x": ack(5), "y": ack(5)._replace(failing_count=51)}, None),
        (None, {"x": ack(5), "y": ack(5)._replace(ahead={"a.": b"proof"}, ahead_count=1)}, None),
        (None, {"x": ack(5), "y": ack(5, a="bad digest")}, None),
        (None, {"x": ack(5), "y": ack(5, b="bad digest")}, 2),
        (("x",), {"x": ack(5), "y": ack(1)}, 1),
        (("x", "drained"), {"x": ack(5)}, 1),
        ((), {}, 0),
    ],
)
def test_a_change_is_live_when_the_last_pop_says_so(
    pops: tuple[str, ...] | None, acks: dict[str, Ack], arrived_at: int | None
) -> None:
    propagation = Propagation(0)
    propagation.pops = {"x", "y"}
    propagation.published(manifest(5, pops=pops), since=10.0)
    told = [e for e in propagation.hear(acks, LOG, now=10.5) if not isinstance(e, Warned)]
    expected: list[Event] = []
    if arrived_at is not None:
        expected = [Propagated("a.", 5, "7.5", arrived_at, 0.5)]
    assert told == expected
    assert propagation.pending == (arrived_at is None)
    assert propagation.hear(acks, LOG, now=11.0) == []


@pytest.mark.parametrize(
    ("said", "late"),
    [
        (running(ack(5)), []),
        (running(ack(4)), ["y"]),
        (None, ["y"]),
        (ack(5), ["y"]),
        (running(ack(5))._replace(total=4), ["y"]),
        (running(ack(5))._replace(ahead={"a.": b"proof"}, ahead_count=1), ["y"]),
        (running(ack(5, a="bad digest")), ["y"]),
        (running(ack(5, gone="bad digest")), []),
    ],
)
def test_a_pop_is_late_until_it_proves_that_it_answers_every_zone(
    said: Ack | None, late: list[str]
) -> None:
    """After a core was emptied, an edge may be told all and answer something newer."""
    propagation = Propagation(0)
    propagation.pops = {"x", "y"}
    propagation.started_ms = {"y": 1}
    heard = {"x": ack(5)} if said is None else {"x": ack(5), "y": said}
    assert propagation.late(heard, LOG, {"a.", "b."}, 5) == late


def test_only_the_newest_publication_of_a_zone_is_told() -> None:
    propagation = Propagation(0)
    propagation.pops = {"x"}
    propagation.published(manifest(5), since=1.0)
    propagation.published(manifest(6), since=2.0)
    assert propagation.hear({"x": ack(5)}, LOG, now=3.0) == []
    assert propagation.hear({"x": ack(6)}, LOG, now=4.0) == [Propagated("a.", 6, "7.6", 1, 2.0)]


def test_a_removal_has_arrived_when_every_pop_has_read_it() -> None:
    propagation = Propagation(0)
    propagation.pops = {"x", "y"}
    propagation.published(manifest(5, tombstone=True), since=1.0)
    assert propagation.hear({"x": ack(5), "y": ack(4)}, LOG, now=2.0) == []
    assert propagation.hear({"x": ack(5), "y": ack(5)}, LOG, now=2.0) == [Removed("a.", 2, 1.0)]


def test_a_pop_that_cannot_load_a_zone_is_told_once_until_that_changes() -> None:
    propagation = Propagation(0)
    propagation.pops = {"x"}
    bad = Warned("Pop x", "cannot load a.: bad digest", "LoadFailed")
    assert propagation.hear({"x": ack(5, a="bad digest")}, LOG, now=1.0) == [bad]
    assert propagation.hear({"x": ack(6, a="bad digest")}, LOG, now=2.0) == []
    assert propagation.hear({"x": ack(6)}, LOG, now=3.0) == []
    assert propagation.hear({"x": ack(6, a="bad digest")}, LOG, now=4.0) == [bad]


class CountedAcks(dict[str, Ack]):
    """Acks that count how often one is asked for."""

    asked = 0

    def get(self, pop: str, default: Ack | None = None) -> Ack | None:
        self.asked += 1
        return super().get(pop, default)


def test_acks_that_did_not_move_are_not_compared_again() -> None:
    propagation = Propagation(0)
    propagation.pops = {"x"}
    for number in range(100):
        propagation.published(manifest(number + 5, zone=f"{number}."), since=1.0)
    first, same = CountedAcks(x=ack(5)), CountedAcks(x=ack(5))
    assert len(propagation.hear(first, LOG, now=2.0)) == 1
    assert first.asked == 100
    assert propagation.hear(same, LOG, now=2.0) == []
    assert same.asked == 0


def test_the_same_acks_count_again_for_another_publication_and_for_other_pops() -> None:
    propagation = Propagation(0)
    propagation.pops = {"x", "y"}
    acks = {"x": ack(5), "y": ack(4)}
    propagation.published(manifest(5), since=1.0)
    assert propagation.hear(acks, LOG, now=2.0) == []
    propagation.pops = {"x"}
    assert propagation.hear(acks, LOG, now=2.0) == [Propagated("a.", 5, "7.5", 1, 1.0)]
    propagation.published(manifest(4, zone="b."), since=1.0)
    assert propagation.hear(acks, LOG, now=2.0) == [Propagated("b.", 4, "7.4", 1, 1.0)]


def test_what_an_earlier_process_said_counts_no_more() -> None:
    propagation = Propagation(began_ms=1000)
    propagation.pops = {"x"}
    propagation.published(manifest(5), since=1.0)
    said = ack(5)._replace(started_ms=999)
    assert propagation.hear({"x": said}, LOG, now=2.0) == []
    assert len(propagation.hear({"x": said._replace(started_ms=1000)}, LOG, now=2.0)) == 1
    propagation.published(manifest(6), since=1.0)
    propagation.started_ms["x"] = 2000
    again = ack(6)._replace(started_ms=1000)
    assert propagation.hear({"x": again}, LOG, now=2.0) == []
    assert len(propagation.hear({"x": again._replace(started_ms=2000)}, LOG, now=2.0)) == 1
