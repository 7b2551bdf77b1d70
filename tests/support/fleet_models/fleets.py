"""A whole fleet in memory, and what must be true of it at every moment and at the end."""

from collections.abc import Mapping

from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.secrets import rotations
from dnsfleet_operator.statuses import propagation
from dnsfleet_publisher.key_secrets import Keys
from dnsfleet_publisher.publishing import Desired

from support.fleet_models.edges import Disk, Edge
from support.fleet_models.memory_redis import Server
from support.fleet_models.writers import Writer

POPS = ("ams", "fra")
EDGES = 2
"""Of each Pop."""
ROUNDS = 8
"""Looks, passes and resyncs after which all is equal once faults have ended."""
STEPS = 60
"""Reads that an edge needs at most to settle."""
YEAR = 365 * 86400.0


class Clocks:
    """The time, and what the writer's clock makes of it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.wrong = 0.0
        """Seconds that the writer's clock is ahead."""

    def writer(self) -> float:
        return self.now + self.wrong

    def ms(self) -> int:
        return int(self.now * 1000)


class Fleet:
    """A writer, a core, a replica for each Pop and its edges."""

    def __init__(self) -> None:
        self.clocks = Clocks()
        self.core = Server()
        self.writer = Writer(self.core, self.clocks.writer)
        self.replicas = {pop: Server() for pop in POPS}
        self.edges = [
            Edge(pop, str(number), self.replicas[pop], self.core, self.clocks.ms, self.told)
            for pop in POPS
            for number in range(EDGES)
        ]

    @property
    def told(self) -> PublicKeys:
        """What the ConfigMaps have: the public keys by which edges are to verify."""
        return self.writer.keys.public

    def look(self) -> None:
        """The writer looks at what edges say, and at the keys."""
        before = self.writer.keys
        self.writer.look()
        ready = [edge for edge in self.edges if edge.ready]
        self.writer.see_to_the_keys([edge.pod for edge in ready])
        for edge in ready:
            self._check_step(before, self.writer.keys, edge)

    def _check_step(self, before: Keys, now: Keys, edge: Edge) -> None:
        """No step of a rotation comes before what it waits for."""
        if now.private is not before.private:
            assert edge.trusts(now.private.public_key()), (
                f"{edge.pod.field} lacks the key that signs"
            )
        if now.previous is None and before.previous is not None:
            for origin in filter(edge.zone, self.writer.store.live()):
                assert edge.has(origin, now.public), (
                    f"{edge.pod.field} has {origin} of a former key"
                )

    def tell_the_keys(self) -> None:
        """Every edge learns the newest keys."""
        for edge in self.edges:
            edge.tell(self.told)

    def check(self) -> None:
        """What is said to be live is live."""
        view = self._view()
        for manifest in self.writer.made.values():
            for pop in POPS:
                if view.current(manifest, pop):
                    for edge in self._ready(pop):
                        _check_answer(edge, manifest)

    def settle(self) -> None:
        """Faults have ended: all is equal within ROUNDS, and is said to be."""
        self.clocks.wrong = 0.0
        self.core.lost_answer = ""
        self.core.carry_out()
        self.tell_the_keys()
        for edge in self.edges:
            edge.refuses = False
            if not edge.ready:
                # It may know a zone of which nobody else knows any more (see `_differences`), and
                # wait for that. A new pod does not.
                edge.disk = Disk()
                self.restart(edge)
            if edge.old:
                edge.old = False
                self.restart(edge)
        for _ in range(ROUNDS):
            self._round()
            self.check()
            differences = self._differences()
            if not differences:
                return
        raise AssertionError(f"after {ROUNDS} rounds: {differences}")

    def restart(self, edge: Edge) -> None:
        self.clocks.now += 10.0  # kubelet waits before it starts a container again
        edge.start()

    def _round(self) -> None:
        self.clocks.now += 60.0
        self.writer.sweep()
        self.look()
        self.writer.run()
        self.tell_the_keys()
        for pop in POPS:
            self.replicas[pop].data = self.core.data.copy()
        for edge in self.edges:
            edge.resync()
            edge.settle(STEPS)
            edge.speak()
            edge.deliver(edge.sent[-1])

    def _differences(self) -> list[str]:
        """What is not as it should be.

        Zones that no object asks for, and of which the core lost all trace or the manifest, stay on
        edges that had them: absence is no order to delete, and nobody knows that they are there.
        """
        found = []
        view, store = self._view(), self.writer.store
        known = [each for each in self.writer.core.origins() if store.held(each) is not None]
        for edge in self.edges:
            if not edge.ready:
                found.append(f"{edge.pod.field} is not ready")
            for origin in {*self.writer.desired, *known}:
                if not _as_desired(edge, origin, self.writer.desired.get(origin)):
                    found.append(f"{edge.pod.field} answers something else for {origin}")
        for origin, desired in self.writer.desired.items():
            made = self.writer.made.get(origin)
            if made is None or (desired.pops != () and not view.zone(made).propagated):
                found.append(f"{origin} is not propagated: {made and view.zone(made)}")
        if store.outdated:
            found.append(f"outdated: {list(store.outdated)}")
        if rotations.is_on(self.writer.keys):
            found.append("the rotation of the key has not ended")
        return found

    def _view(self) -> propagation.Fleet:
        pods: Mapping[str, tuple[EdgePod, ...]] = {
            pop: tuple(edge.pod for edge in self._ready(pop)) for pop in POPS
        }
        said, positions = self.writer.core.acks(), self.writer.store.positions
        return propagation.Fleet(POPS, pods, said, positions, self.clocks.ms())

    def _ready(self, pop: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.pop == pop and edge.ready]


def _check_answer(edge: Edge, manifest: Manifest) -> None:
    served = edge.zone(manifest.zone)
    where = f"{edge.pod.field} is said to answer {manifest.zone} {manifest.revision}"
    if not manifest.assigned(edge.pop):
        assert served is None, f"{where}, not to have it: it has {served and served.serial}"
    else:
        assert served is not None, f"{where}: it has nothing"
        assert served.digest == manifest.digest, f"{where}: it has {edge.held[manifest.zone]}"


def _as_desired(edge: Edge, origin: str, desired: Desired | None) -> bool:
    served = edge.zone(origin)
    if desired is None or (desired.pops is not None and edge.pop not in desired.pops):
        return served is None
    same = served is not None and served.with_serial(0).digest
    return same == desired.zone.with_serial(0).digest
