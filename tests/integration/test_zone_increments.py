"""Whatever happens, what the increments made is what one complete pass gives.

Random events reach a writer on a real core. After each, a second writer with the same memory (last
good versions, what is retained, the core) looks at all objects anew. It must find nothing to
publish, no other claim, and say the same of every object; and the proof that runs in production
must find no difference. And what the core has is what is said: a RecordSet that is accepted is
served as it is, and nothing is served for an object that has another one in its place, unless its
removal is held: then it is held as that of a deleted object, and the other one is told that it
waits.
"""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.sums import Positions
from dnsfleet.resources import Reference
from dnsfleet.zones.owner_plans import Holder
from dnsfleet.zones.plans import APPROVE_ANNOTATION
from dnsfleet_cli.kubectl import restoring
from dnsfleet_cli.kubectl.restoring import There
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.objects import COMPONENT_LABEL, POP_LABEL, Object, reference_of
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_operator.statuses.looks import FleetView, View
from dnsfleet_operator.zones.downloads import Downloads
from dnsfleet_operator.zones.passes import ZonePasses
from dnsfleet_publisher import kept_contents
from dnsfleet_publisher.publishing import State
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.random_objects import FIRST, NAMESPACES, OBJECTS
from support.valkey import Valkey
from support.zone_writers import GRACE_SECONDS, Writer

EXAMPLES = int(os.environ.get("INCREMENTS_EXAMPLES", "150"))
REPLACED = "2026-03-01T00:00:00Z"
"""When an object is made that takes the place of another one."""
MOST_PASSES = 20
"""More than any change of so few objects needs."""


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    valkey = Valkey(Path(tmp_path_factory.mktemp("core")))
    valkey.start()
    yield valkey
    valkey.kill()


STEPS = st.lists(
    st.lists(
        st.tuples(
            OBJECTS | st.sampled_from(FIRST),
            st.sampled_from(["put", "put", "put", "delete", "made anew", "replace", "replace"])
            | st.sampled_from(["approve", "approve on the Fleet", "lose"]),
        ),
        min_size=1,
        max_size=3,
    ),
    min_size=1,
    max_size=8,
)


class World:
    """A writer, its looks, and objects that change."""

    def __init__(self, core: Valkey) -> None:
        with core.client() as client:
            client.flushall()
        self.writer = Writer(core)
        self.writer.list()
        for name in NAMESPACES:
            self.writer.there["Namespace", name] = {
                "metadata": {"creationTimestamp": "2025-01-01T00:00:00Z"}
            }
        self.versions = 0
        self.workloads = Workloads()
        self.metrics = Metrics()
        self.passes, self.observation = self.writer.passes, self.writer.observation
        self.looks = FleetView(self.metrics, self.show)
        self.objects: dict[Reference, Object] = {}
        self.shown: dict[Reference, Mapping[str, Any]] = {}
        self.restored: dict[str, Reference] = {}

    def change(self, found: Object, what: str) -> None:
        reference = reference_of(found)
        known = self.observation.get(reference)
        if what == "lose" and known is not None:
            self.change(found, "delete")
            self.settle(self.passes, self.looks)
            self.write()
            self.restore()
            return
        if what == "approve on the Fleet":
            self.passes.approve(self.hashes())
            return
        if what == "approve":
            if known is None:
                return
            found = self.objects[reference]
            annotations = {APPROVE_ANNOTATION: ",".join(sorted(self.hashes()))}
            found = found | {"metadata": found["metadata"] | {"annotations": annotations}}
        if what == "replace" and known is not None:
            metadata = found["metadata"] | {"creationTimestamp": REPLACED}
            found, known = found | {"metadata": metadata}, None  # no event tells of the end
        elif what not in ("put", "approve") and known is not None:
            self.observation.remove(reference, known.uid)
            if reference.kind == "Zone":
                self.passes.deleted(reference, known)
            known = None
        if what == "delete":
            return
        if reference.kind == "ConfigMap" and reference not in self.observation.config_maps():
            return
        self.versions += 1
        uid = str(self.versions) if known is None else known.uid
        created = found["metadata"]["creationTimestamp"] if known is None else known.created
        metadata = {"uid": uid, "creationTimestamp": created, "generation": self.versions}
        metadata["resourceVersion"] = str(self.versions)
        made = {**found, "metadata": {**found["metadata"], **metadata}}
        self.objects[reference] = made
        self.observation.put(made)

    def restore(self) -> None:
        """Make the objects again of what was removed, where nobody has its origin or its name."""
        store, observation = self.writer.store, self.observation
        known = {**observation.of_kind("Namespace"), **observation.of_kind("ZoneClass")}
        rules = [each.document for each in known.values() if each.document is not None]
        for removed in kept_contents.read(store.core, store.public).removed:
            outline = removed.outline
            assert outline is not None
            if observation.get(outline.zone) or self.passes._naming[removed.zone.origin]:
                continue
            maps = {each.name: self.objects[each] for each in observation.of_kind("ConfigMap")}
            there = There(set(observation.of_kind("RecordSet")), maps, rules)
            plan = restoring.plan(removed, kept_contents.content(store.core, removed.zone), there)
            for each in reversed(plan.objects):  # a ConfigMap is heard of once a Zone names it
                metadata = {**each["metadata"], "creationTimestamp": REPLACED}
                self.change({**each, "metadata": metadata}, "put")
            self.restored[removed.zone.origin] = outline.zone

    def lost(self) -> set[str]:
        """What was restored since the last call and is not served, and nobody is told why."""
        restored, self.restored = self.restored, {}
        return {
            origin
            for origin, zone in restored.items()
            if self.observation.get(zone) is not None
            and f"{self.objects[zone]['spec']['origin']}." == origin  # else it is another zone now
            and origin not in self.passes._live
            and zone not in self.passes.results.violations
        }

    def hashes(self) -> set[str]:
        """What approves all that waits."""
        results = self.passes.results
        found = {each.hash for holds in results.owner_holds.values() for each in holds}
        for outcome in results.outcomes.values():
            found |= {outcome.plan} | ({outcome.placement.hash} if outcome.placement else set())
        return found - {""}

    def show(self, reference: Reference, uid: str, status: Mapping[str, Any], *_: object) -> None:
        """What is handed on is written at once."""
        del uid
        self.shown[reference] = status

    def settle(self, passes: ZonePasses, looks: FleetView) -> dict[Reference, Mapping[str, Any]]:
        """Pass and look until nothing is left to do; the statuses that were handed on."""
        self.shown = {}
        for _ in range(MOST_PASSES):
            done = passes.run(self.observation)
            looks.passed(done, passes.results)
            if not passes.waiting:
                break
        else:
            raise AssertionError("passes go on although nothing changes")
        pods = []
        said = {}
        for each in self.observation.pops:
            name = each.metadata.name
            labels = {POP_LABEL: name, COMPONENT_LABEL: "edge"}
            conditions = [{"type": "Ready", "status": "True"}]
            pods.append(
                {
                    "metadata": {"name": f"{name}-1", "labels": labels},
                    "status": {"conditions": conditions},
                }
            )
            now_ms = time.time_ns() // 1_000_000
            said[f"{name}/{name}-1"] = Ack(2**60, {}, 0, now_ms, told=2**60, total=0)
        self.workloads.replace("Pod", pods)
        positions = Positions()
        positions.note(2**60, 0)
        view = View(self.observation, self.workloads, passes.results, positions=positions)
        looks.look(view, said, lambda: pods)
        return self.shown

    def write(self) -> None:
        """Have the API server show what was handed on."""
        for reference, status in self.shown.items():
            self.observation.refresh({**self.objects[reference], "status": status})

    def differences(self) -> int:
        """What the proof that runs in production finds."""
        found: list[None] = []
        for _ in self.passes.prove(lambda: found.append(None)):
            pass
        return len(found)

    def untrue(self) -> list[str]:
        """What is said of RecordSets and is not what the core has."""
        found = []
        results = self.passes.results
        for zone, origin in results.origins.items():
            if zone in results.frozen or results.outcomes[origin].state is State.HELD:
                continue
            published = self.writer.store.load(origin)
            assert published is not None
            for reference in results.members[origin] - {zone} - results.violations.keys():
                record_set = self.passes._assembler.record_sets.get(reference)
                assert record_set is not None
                for record in record_set.spec.rrsets:
                    owner, rtype = record.key(origin)
                    there = published.get(owner, rtype)
                    if there is None or (rtype == "A" and there[1] != list(record.data)):
                        found.append(f"{reference} says {owner} {rtype}, the core {there}")
            holds = results.owner_holds.get(origin, ())
            gone = {each.owner for each in holds if each.holder is not Holder.THERE}
            for reference, claim in self.passes._ledger.of_zone(origin).items():
                known = self.observation.get(reference)
                if known is None or known.uid == claim.uid:
                    continue
                # Of what is gone something may be left only while its removal is held, in the open.
                if reference not in gone:
                    found.append(f"{reference} is another object than the one that is served")
                elif reference in results.members[origin] - results.violations.keys():
                    found.append(f"{reference} is not told that it waits for another object")
        return found

    def keeps(self) -> dict[str, int]:
        """How much is kept of objects, where there is something."""
        passes, assembler, results = self.passes, self.passes._assembler, self.passes.results
        found = {
            "zones": assembler.zones,
            "documents": assembler._documents,
            "violations": assembler._about,
            "refused": assembler._refused,
            "loose": assembler._loose,
            "owners": assembler.owners._nodes,
            "registered": assembler.owners.registered.keys() - passes._live,
            "reserved": assembler.reserved,
            "counted": assembler._classified._quotas._entries,
            "beyond quotas": assembler._classified._quotas.over,
            "files": assembler._classified._files,
            "given": results.given,
            "good": assembler._last_good.documents,
            "bases": assembler._last_good._bases,
            "built": assembler._last_good._built,
            "sources": assembler._sources._known,
            "config maps": assembler._config_maps.known,
            "record sets": list(assembler.record_sets),
            "claimed": passes._settling._settled,
            "names": passes._names,
            "origins": results.origins,
            "members": results.members,
            "held": assembler.held,
            "owner holds": [*results.owner_holds, *passes._owner_holds._known],
            "allowed": passes._owner_holds._allowed,
            "measures": passes._ledger.measures._known.keys() - passes._live,
            "told": results.violations,
            "frozen": results.frozen,
            "taken": results.taken,
            "programmed": results.programmed,
            "waiting": results.waiting,
            "proofs": {
                **self.looks._standing._proofs,
                **dict.fromkeys(self.looks._standing._standing),
            },
            "shown": self.looks._updates._shown,
            "compared": self.looks._updates._compared,
            "handed": self.looks._updates._handed,
            "samples": self.metrics.fleet.zones,
            "unread": self.observation.unread,
            "outlines": passes._keeper._noted.keys() - passes._live,
        }
        return {name: len(kept) for name, kept in found.items() if kept}

    def anew(self) -> ZonePasses:
        """A writer that looks at everything anew, with the memory of the one that did not."""
        fresh = ZonePasses(
            self.writer.cluster, self.writer.store, Downloads(lambda _: None), GRACE_SECONDS
        )
        old, new = self.passes._assembler, fresh._assembler
        new._last_good.documents.update(old._last_good.documents)
        new._last_good._bases.update(old._last_good._bases)
        new._classified._files.update(old._classified._files)
        fresh.approve(self.passes._approvals)
        fresh._publisher._parts.update(self.passes._publisher._parts)
        fresh._retained._deleted |= self.passes._retained._deleted
        for reference in old.retained:
            kept = old.record_sets.get(reference)
            assert kept is not None
            new.retain(kept)
        return fresh


def told(passes: ZonePasses) -> dict[str, Any]:
    """All that passes say, without whether it was published now or before."""
    results = passes.results
    return {
        "manifests": {origin: results.manifest(origin) for origin in results.outcomes},
        "held": {o for o, each in results.outcomes.items() if each.state.value == "Held"},
        "origins": results.origins,
        "members": results.members,
        "owner holds": results.owner_holds,
        "violations": {each: sorted(found) for each, found in results.violations.items()},
        "frozen": results.frozen,
        "taken": results.taken,
        "placements": dict(results.placements.items()),
        "claims": passes._ledger._held,
        "live": passes._live,
    }


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(STEPS)
def test_increments_are_what_a_complete_pass_gives(core: Valkey, steps: list[Any]) -> None:
    world = World(core)
    for step in [[(each, "put") for each in FIRST], *steps]:
        for found, what in step:
            world.change(found, what)
        world.settle(world.passes, world.looks)
        world.write()
        assert world.differences() == 0
        assert world.untrue() == []
        assert world.lost() == set()
        fresh, metrics = world.anew(), Metrics()
        shown = world.settle(fresh, FleetView(metrics, world.show))
        assert told(fresh) == told(world.passes)
        assert shown == {}
        assert metrics.fleet.zones == world.metrics.fleet.zones
    for found in list(world.objects.values()):
        world.change(found, "delete")
    world.settle(world.passes, world.looks)
    world.passes._registry.sweep(time.time() + GRACE_SECONDS + 1, frozenset())
    world.passes._keeper.sweep(world.passes._live, world.passes._assembler)
    world.settle(world.passes, world.looks)
    if not world.passes._assembler.retained:  # what they added stays for its grace period
        assert world.keeps() == {}
    assert world.passes._desired.keys() == world.passes._live, "orphans are served on"
