"""What happens to replicas and edges, and on the way of acks: the second part of the rules."""

from dnsfleet.replication import keys
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from support.fleet_models.core_rules import BACK, ORIGIN, PICK, CoreRules, pick
from support.fleet_models.edges import Edge
from support.fleet_models.fleets import EDGES, POPS
from support.fleet_models.memory_redis import Data

POP = st.sampled_from(POPS)
EDGE = st.integers(0, len(POPS) * EDGES - 1)
DAMAGE = st.sampled_from(["missing", "changed", "swapped"])
READS = 20
"""As many as an edge usually needs to settle."""


class EdgeRules(CoreRules):
    """A fleet whose key stays."""

    def __init__(self) -> None:
        super().__init__()
        self.disks = {edge.pod.field: edge.disk.copy() for edge in self.fleet.edges}

    # Replicas; one that is not mentioned is frozen

    @rule(pop=POP)
    def replicate(self, pop: str) -> None:
        self.fleet.replicas[pop].data = self.fleet.core.data.copy()

    @precondition(lambda self: self.fleet.core.moments)
    @rule(pop=POP, back=BACK)
    def show_an_earlier_moment(self, pop: str, back: int) -> None:
        moments = self.fleet.core.moments
        self.fleet.replicas[pop].data = moments[-min(back, len(moments))].copy()

    @rule(pop=POP)
    def empty_a_replica(self, pop: str) -> None:
        self.fleet.replicas[pop].data = Data()

    @rule(pop=POP, which=PICK, other=PICK, damage=DAMAGE)
    def damage_a_replica(self, pop: str, which: int, other: int, damage: str) -> None:
        values = self.fleet.replicas[pop].data.values
        if not values:
            return
        name = pick(sorted(values), which)
        if damage == "missing":
            del values[name]
        elif damage == "changed":
            values[name] += b"1"
        else:
            values[name] = values[pick(sorted(values), other)]

    @rule(pop=POP, origin=ORIGIN, lsn=st.integers(0, 10**15 - 1), epoch=st.integers(0, 10**11))
    def announce_falsely(self, pop: str, origin: str, lsn: int, epoch: int) -> None:
        index = self.fleet.replicas[pop].data.hashes.setdefault(keys.ZONES, {})
        index[origin.encode()] = b"%d %d.1" % (lsn, epoch)

    @rule(pop=POP, keep=st.integers(0, 3))
    def drop_entries(self, pop: str, keep: int) -> None:
        log = self.fleet.replicas[pop].data.log
        if log:
            del log[min(keep, len(log) - 1)]

    # Edges

    @rule(number=EDGE, count=st.integers(1, 12))
    def read(self, number: int, count: int) -> None:
        self.fleet.edges[number].read(count)

    @rule(number=EDGE)
    def catch_up(self, number: int) -> None:
        edge = self.fleet.edges[number]
        edge.read(READS)
        self._say(edge)

    @rule(number=EDGE)
    def resync(self, number: int) -> None:
        self.fleet.edges[number].resync()

    @rule(number=EDGE)
    def read_early(self, number: int) -> None:
        self.fleet.edges[number].read_early()

    @rule(number=EDGE, which=PICK)
    def answer_late(self, number: int, which: int) -> None:
        edge = self.fleet.edges[number]
        if edge.answers:
            edge.answer(pick(edge.answers, which))

    @rule(number=EDGE, done=st.booleans())
    def reconnect(self, number: int, done: bool) -> None:
        self.fleet.edges[number].reconnect(done)

    @rule(number=EDGE, refuses=st.booleans())
    def fail_in_the_engine(self, number: int, refuses: bool) -> None:
        self.fleet.edges[number].refuses = refuses

    @rule(number=EDGE, disk=st.sampled_from(["same", "older", "empty", "damaged"]))
    def restart_an_edge(self, number: int, disk: str) -> None:
        edge = self.fleet.edges[number]
        if disk == "older":
            edge.disk = self.disks[edge.pod.field].copy()
        elif disk == "empty":
            edge.disk.zones.clear()
            edge.disk.index = frozenset()
        elif disk == "damaged" and edge.disk.zones:
            del edge.disk.zones[min(edge.disk.zones)]
        self.fleet.restart(edge)

    @rule(number=EDGE)
    def keep_a_disk(self, number: int) -> None:
        edge = self.fleet.edges[number]
        self.disks[edge.pod.field] = edge.disk.copy()

    @rule(number=EDGE, old=st.booleans())
    def change_the_version(self, number: int, old: bool) -> None:
        edge = self.fleet.edges[number]
        edge.old = old
        self.fleet.restart(edge)

    # Acks

    @rule(number=EDGE)
    def say(self, number: int) -> None:
        self._say(self.fleet.edges[number])

    @rule(number=EDGE)
    def say_and_lose_it_on_the_way(self, number: int) -> None:
        self.fleet.edges[number].speak()

    @rule(number=EDGE, which=PICK)
    def hear_late(self, number: int, which: int) -> None:
        edge = self.fleet.edges[number]
        if edge.sent:
            edge.deliver(pick(edge.sent, which))

    @rule(pops=st.sampled_from([POPS, *((pop,) for pop in POPS)]), first=st.booleans())
    def follow(self, pops: tuple[str, ...], first: bool) -> None:
        """All goes well for a while."""
        if first:
            self.fleet.writer.run()
        for pop in pops:
            self.replicate(pop)
        for edge in self.fleet.edges:
            if edge.pop in pops:
                edge.read(READS)
                self._say(edge)

    def _say(self, edge: Edge) -> None:
        edge.speak()
        edge.deliver(edge.sent[-1])
