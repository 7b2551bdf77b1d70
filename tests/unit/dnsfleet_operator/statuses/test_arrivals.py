"""States of zones, kept up to date by what moved, are those that a look at every zone gives."""

from typing import NamedTuple

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.edge_words import SILENT_MS
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.statuses.arrivals import Arrivals, Lag
from dnsfleet_operator.statuses.propagation import Fleet
from hypothesis import given, settings
from hypothesis import strategies as st
from support.evidence import known_positions, proved

NOW = 1_000_000
POPS = ("fra", "iad", "sin")
ZONES = ("a.", "b.", "c.", "d.")


def manifest(
    zone: str, lsn: int, pops: tuple[str, ...] | None = None, time_ms: int = NOW - 2000
) -> Manifest:
    return Manifest(zone, Revision(1, lsn), None, lsn, 1, b"", 1, 1, time_ms, pops=pops)


LOG = known_positions()


def ack(lsn: int, failing: dict[str, str] | None = None, more: int = 0, time_ms: int = NOW) -> Ack:
    return proved(lsn, failing, more, time_ms)


def fleet(said: dict[str, Ack], active: tuple[str, ...] = POPS, now: int = NOW) -> Fleet:
    """Every edge that said something is Ready; edges are POP/EDGE, those of sin elsewhere."""
    ready: dict[str, tuple[EdgePod, ...]] = {}
    for edge in sorted(said):
        pop, _, name = edge.partition("/")
        ready[pop] = (*ready.get(pop, ()), EdgePod(pop, name, True, elsewhere=pop == "sin"))
    return Fleet(active, ready, said, LOG, now)


def test_the_lag_of_a_pop_is_the_age_of_its_oldest_debt() -> None:
    arrivals = Arrivals()
    zones = [(9, None), (10, None), (11, ("fra",)), (12, ("other",))]
    for lsn, pops in zones:
        arrivals.publish(f"z{lsn}.", manifest(f"z{lsn}.", lsn, pops))
    arrivals.look(fleet({"fra/a": ack(10), "iad/a": ack(9)}), ("fra", "iad"))
    assert arrivals.lag("fra") == Lag(3, 2, NOW - 2000)
    assert arrivals.lag("iad") == Lag(2, 1, NOW - 2000)
    arrivals.publish("z9.", manifest("z9.", 13, None, NOW - 1000))
    arrivals.look(fleet({"fra/a": ack(11), "iad/a": ack(9)}), ("fra", "iad"))
    assert arrivals.lag("fra") == Lag(3, 2, NOW - 1000)
    arrivals.look(fleet({"fra/a": ack(13), "iad/a": ack(13)}), ("fra", "iad"))
    assert arrivals.lag("fra") == Lag(3, 3, None)
    arrivals.publish("z9.", None)
    arrivals.look(fleet({"fra/a": ack(13), "iad/a": ack(13)}), ("fra", "iad"))
    assert arrivals.lag("iad") == Lag(1, 1, None)


def test_a_look_names_what_is_in_another_state_and_nothing_else() -> None:
    arrivals = Arrivals()
    for number, zone in enumerate(ZONES, 1):
        arrivals.publish(zone, manifest(zone, number))
    said = {"fra/e": ack(4)}
    assert arrivals.look(fleet(said, ("fra",)), ("fra",)) == set(ZONES)
    assert not arrivals.pending
    assert arrivals.look(fleet(said, ("fra",)), ("fra",)) == set()
    arrivals.publish("a.", manifest("a.", 5))
    assert arrivals.look(fleet(said, ("fra",)), ("fra",)) == {"a."}
    assert arrivals.pending
    said["fra/e"] = ack(5, {"b.": "damaged"})
    assert arrivals.look(fleet(said, ("fra",)), ("fra",)) == {"a.", "b."}
    assert arrivals.states["b."].late[0].reason == "LoadFailed"
    said["fra/e"] = ack(5)
    assert arrivals.look(fleet(said, ("fra",)), ("fra",)) == {"b."}
    arrivals.publish("a.", None)
    assert arrivals.look(fleet(said, ("fra",)), ("fra",)) == {"a."}
    assert "a." not in arrivals.states


def elsewhere(*names: str, lsn: int = 2, now: int = NOW) -> Fleet:
    """A Pop of another cluster, which says that it has these edges."""
    edges = tuple(EdgePod("fra", name, True, elsewhere=True) for name in names)
    return Fleet(("fra",), {"fra": edges}, {edge.field: ack(lsn) for edge in edges}, LOG, now)


def test_other_names_and_numbers_of_edges_elsewhere_are_no_news_of_any_zone() -> None:
    arrivals = Arrivals()
    for number, zone in enumerate(ZONES, 1):
        arrivals.publish(zone, manifest(zone, number))
    assert arrivals.look(elsewhere("e1"), ("fra",)) == set(ZONES)
    assert {zone for zone in ZONES if not arrivals.states[zone].propagated} == {"c.", "d."}
    for names in (("x",), ("y", "z"), ("a and 9 more", "b"), ("e1",)):
        assert arrivals.look(elsewhere(*names), ("fra",)) == set()
    assert "its edges" in arrivals.states["c."].late[0].message
    assert arrivals.look(elsewhere("x", lsn=4), ("fra",)) == {"c.", "d."}
    assert arrivals.look(elsewhere("x", lsn=3), ("fra",)) == {"d."}


def test_a_zone_is_looked_at_once_when_time_went_by_however_often_it_was_looked_at() -> None:
    arrivals = Arrivals()
    for number, zone in enumerate(ZONES, 1):
        arrivals.publish(zone, manifest(zone, number))
    for turn in range(50):
        arrivals.look(fleet({f"fra/{turn}": ack(0)}, ("fra",)), ("fra",))
    assert len(arrivals._due) == len(ZONES)
    late = NOW + 3000
    assert arrivals.look(fleet({"fra/49": ack(0, time_ms=late)}, ("fra",), late), ("fra",)) == set(
        ZONES
    )
    assert len(arrivals._due) == len(ZONES)


def test_the_seconds_that_a_zone_is_late_go_on_in_steps() -> None:
    arrivals = Arrivals()
    arrivals.publish("a.", manifest("a.", 5))
    seen = {}
    for seconds in range(0, 70):
        now = NOW + seconds * 1000
        said = {"fra/e": ack(1, time_ms=now)}
        if arrivals.look(fleet(said, ("fra",), now), ("fra",)):
            seen[seconds] = arrivals.states["a."].seconds
    assert seen == {0: 1, 3: 5, 13: 15, 58: 60}
    assert not arrivals.pending, "a Pop that is late for so long is cut off"


class Step(NamedTuple):
    """What happens between two looks."""

    published: dict[str, tuple[str, ...] | None]
    gone: set[str]
    acks: dict[str, Ack | None]
    active: tuple[str, ...]
    pops: tuple[str, ...]
    seconds: int


FAILING = st.dictionaries(st.sampled_from(ZONES), st.sampled_from(["x", "y"]), max_size=2)
ACKS = st.builds(ack, st.integers(0, 30), FAILING, st.sampled_from([0, 0, 1]))
STEPS = st.builds(
    Step,
    st.dictionaries(
        st.sampled_from(ZONES), st.sampled_from([None, ("fra",), ("fra", "iad"), ()]), max_size=2
    ),
    st.sets(st.sampled_from(ZONES), max_size=1),
    st.dictionaries(
        st.sampled_from(["fra/a", "fra/b", "iad/a", "sin/a", "sin/b"]), st.none() | ACKS, max_size=3
    ),
    st.sampled_from([POPS, ("fra",), ("iad", "sin")]),
    st.sampled_from([POPS, POPS, POPS[:2]]),
    st.sampled_from([0, 1, 10, SILENT_MS // 1000 + 1]),
)


@settings(max_examples=300)
@given(st.lists(STEPS, max_size=10))
def test_increments_are_what_a_look_at_every_zone_gives(steps: list[Step]) -> None:
    arrivals, published = Arrivals(), dict[str, Manifest]()
    said: dict[str, Ack] = {}
    now, lsn = NOW, 0
    before = dict(arrivals.states)
    for step in steps:
        now += step.seconds * 1000
        for zone, pops in step.published.items():
            lsn += 1
            published[zone] = manifest(zone, lsn, pops, now)
            arrivals.publish(zone, published[zone])
        for zone in step.gone:
            published.pop(zone, None)
            arrivals.publish(zone, None)
        for edge, word in step.acks.items():
            said.pop(edge, None)
            if word is not None:
                said[edge] = replace_time(word, now)
        active = tuple(pop for pop in step.active if pop in step.pops)
        seen = fleet(said, active, now)
        changed = arrivals.look(seen, step.pops)
        wanted = {zone: seen.zone(each) for zone, each in published.items()}
        assert arrivals.states == wanted
        assert {z for z in before | wanted if before.get(z) != wanted.get(z)} <= changed
        for pop in step.pops:
            late = [
                each.time_ms
                for each in published.values()
                if each.assigned(pop) and not seen.current(each, pop)
            ]
            assigned = sum(each.assigned(pop) for each in published.values())
            assert arrivals.lag(pop) == Lag(assigned, assigned - len(late), min(late, default=None))
        before = wanted


def replace_time(word: Ack, now: int) -> Ack:
    return word._replace(time_ms=now)
