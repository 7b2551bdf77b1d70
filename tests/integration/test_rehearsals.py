"""A rehearsal foresees what a writer then does, whatever the objects and the change.

Random objects reach a writer on a real core. A rehearsal, which begins with the objects and the
core and knows nothing of that writer, foresees what a random change does; then the writer is given
the change. Each zone that it serves, or holds, must be as foreseen, and no other may change.

The examples are the same in each run, so that a change of something else never fails here by luck.
With REHEARSED_CHANGES they are so many, and others each time.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dnsfleet import resources
from dnsfleet.replication import keys
from dnsfleet.resources import RecordSet, Reference
from dnsfleet.violations import errors
from dnsfleet.zones.placements import Fleet, Pops
from dnsfleet_operator.objects import Object, reference_of
from dnsfleet_operator.zones.downloads import Downloads
from dnsfleet_publisher.dry_core import DryCore
from dnsfleet_publisher.rehearsals import Findings, Foreseen, Rehearsal
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.documents import documents
from support.random_objects import FIRST, NAMESPACES, OBJECTS
from support.valkey import Valkey
from support.zone_writers import KEY, Writer, item

PHASES = [each for each in Phase if each is not Phase.shrink]
EXAMPLES = int(os.environ.get("REHEARSED_CHANGES", "100"))


def is_no_catalog(found: Object) -> bool:
    """What a catalog lists depends on what is published by then, so no rehearsal foresees it."""
    return "source" not in found.get("spec", {})


CHANGES = st.lists(OBJECTS.filter(is_no_catalog) | st.sampled_from(FIRST), min_size=1, max_size=3)
STEPS = st.lists(CHANGES, min_size=1, max_size=4)
Live = Mapping[str, tuple[int, bytes, Pops]]
"""By origin: serial, the octets of the zone without its serial, and its Pops."""


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    valkey = Valkey(Path(tmp_path_factory.mktemp("core")))
    valkey.start()
    yield valkey
    valkey.kill()


class World:
    """A writer, and the objects that it was given."""

    def __init__(self, core: Valkey) -> None:
        with core.client() as client:
            client.flushall()
        self._core = core
        self.writer = Writer(core)
        self.writer.list()
        for name in NAMESPACES:
            self.writer.there["Namespace", name] = {
                "metadata": {"creationTimestamp": "2025-01-01T00:00:00Z"}
            }
        self.objects: dict[Reference, Object] = {}
        self._versions = 0

    def next_version(self, found: Object) -> Object:
        """An object as the API server would have it once it was applied."""
        self._versions += 1
        now = f"2026-03-01T00:{self._versions // 60:02}:{self._versions % 60:02}Z"
        made = {"metadata": {"uid": str(self._versions), "creationTimestamp": now}}
        known = self.objects.get(reference_of(found), made)["metadata"]
        metadata = {
            "uid": known["uid"],
            "creationTimestamp": known["creationTimestamp"],
            "generation": self._versions,
            "resourceVersion": str(self._versions),
        }
        return {**found, "metadata": {**found["metadata"], **metadata}}

    def accepts(self, found: Object) -> bool:
        """Whether the API server would take it, and a rehearsal says something of it.

        An origin is immutable; of what cannot be read nothing is foreseen. The command tells both.
        """
        known = self.objects.get(reference_of(found), found)
        same_origin = found.get("spec", {}).get("origin") == known.get("spec", {}).get("origin")
        return same_origin and resources.parse(found, "object")[0] is not None

    def apply(self, changes: Mapping[Reference, Object]) -> None:
        """Give them to the writer, and wait until it has nothing to do."""
        self.objects |= changes
        observation = self.writer.observation
        for reference, each in changes.items():
            if reference.kind != "ConfigMap":
                observation.put(each)
        for reference, each in self.objects.items():
            if reference.kind == "ConfigMap" and reference in observation.config_maps():
                observation.put(each)
        self.writer.work()

    def foresee(self, changes: Mapping[Reference, Object]) -> Findings:
        """What a rehearsal says of them."""
        with self._core.client() as client:
            before = client.dbsize(), client.get(keys.FENCE)
            outside = Downloads(lambda _: None)
            rehearsal = Rehearsal(DryCore(client), KEY, None, outside, by_owner=True)
            rehearsal.begin(documents(self.objects.values()))
            running = {each.metadata.name for each in self.writer.observation.pops}
            found = rehearsal.change(documents(changes.values()), Fleet(running))
            assert (client.dbsize(), client.get(keys.FENCE)) == before
        return found

    def live(self) -> Live:
        """What the core has."""
        store, found = self.writer.store, {}
        for origin in store.live():
            zone, manifest = store.load(origin), store.manifest(origin)
            assert zone is not None and manifest is not None
            found[origin] = zone.serial, zone.with_serial(1).encode(), manifest.pops
        return found


def zone_of(found: Object) -> Reference:
    """The Zone that a RecordSet refers to."""
    resource, _ = resources.parse(found, "object")
    assert isinstance(resource, RecordSet)
    return resource.zone_reference


def holds_of(found: Foreseen) -> set[str]:
    outcome = found.outcome
    own = {each.hash for each in found.holds}
    if outcome is not None:
        own |= {outcome.plan} | ({outcome.placement.hash} if outcome.placement else set())
    return own - {""}


def check(core: Valkey, steps: Iterable[list[Object]]) -> World:
    """Take the steps one after the other, each foreseen and then made."""
    world = World(core)
    world.apply({reference_of(each): world.next_version(each) for each in FIRST})
    for step in steps:
        made = [world.next_version(each) for each in step if world.accepts(each)]
        changes = {reference_of(each): each for each in made}
        before, violations = world.live(), dict(world.writer.passes.results.violations)
        found = world.foresee(changes)
        assert world.live() == before
        assert not found.moved
        world.apply(changes)
        now, results = world.live(), world.writer.passes.results
        for each in found.zones:
            if each.remembered:
                assert errors(violations[each.resource]), each.resource
                continue
            zone = None if each.after is None else each.after.zone.with_serial(1).encode()
            pops = None if each.after is None else each.after.pops
            _, served, at = now.get(each.origin, (0, None, None))
            assert (served, at) == (zone, pops), each.origin
            happened = results.outcomes.get(each.origin)
            waiting = {one.hash for one in results.owner_holds.get(each.origin, ())}
            if happened is not None:
                waiting |= {happened.plan}
                waiting |= {happened.placement.hash} if happened.placement else set()
            assert holds_of(each) == waiting - {""}, each.origin
        others = now.keys() - {each.origin for each in found.zones}
        assert {origin: now[origin] for origin in others} == {
            origin: before[origin] for origin in before.keys() & others
        }
        remembered = {each.resource for each in found.zones if each.remembered}
        looked_at = [
            reference
            for reference in changes
            if reference.kind != "RecordSet" or zone_of(changes[reference]) not in remembered
        ]
        refused = {each.where.split(":")[0] for each in errors(found.violations)}
        wrong = {each for each in looked_at if errors(results.violations.get(each, ()))}
        assert {each for each in looked_at if str(each) in refused} == wrong
    return world


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=PHASES,
    derandomize="REHEARSED_CHANGES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(STEPS)
def test_what_is_foreseen_is_what_happens(core: Valkey, steps: list[list[Object]]) -> None:
    check(core, steps)


def test_a_record_set_that_was_elsewhere_meanwhile_does_not_come_back_as_it_was(
    core: Valkey,
) -> None:
    def in_zone(namespace: str, *records: dict[str, Any]) -> list[Object]:
        spec = {"zoneRef": {"name": "y", "namespace": namespace}, "records": list(records)}
        return [item("RecordSet", "x", spec, namespace="shop")]

    alias = {"name": "a", "type": "CNAME", "data": ["elsewhere"]}
    served = in_zone("shop", alias)
    refused = in_zone("shop", {"name": "a", "type": "NS", "data": ["ns.www"]})
    world = check(core, [served, in_zone("dns", alias), refused])
    zone = world.writer.store.load("a.example.")
    assert zone is not None
    assert zone.get("a.a.example.", "CNAME") is None
