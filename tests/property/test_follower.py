"""The follower under any order of publications, losses, damage and disconnects.

Invariants: no zone goes back (the model engine asserts it), none is dropped without a signed
reason, what is served is what was published, an ack never proves what is not served, whatever the
replica shows, and once the replica is whole again the edge ends in the published state.
"""

from dnsfleet.replication import acks, commands, events, keys, manifests
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.commands import ReadLog
from dnsfleet.replication.follower import Follower
from dnsfleet.replication.revisions import Revision
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from support.core_model import FORGER, KEY, POP, Core, Database, Edge

ZONES = st.sampled_from(["a.example.", "b.example.", "c.example."])
PLACES = st.sampled_from([None, (POP,), ("fra", POP), ("fra",)])
STEPS = 200


class Following(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.core = Core()
        self.copies: list[Database] = []
        self.edge = Edge(Database())
        self.follower = Follower(POP, (KEY.public_key(),))
        self.open: list[commands.Command] = []
        self.late: list[events.Answer] = []
        self.published: dict[tuple[str, bytes], None] = {}
        self.number = 0
        self.refreshes = 0

    # The core

    @rule(zone=ZONES, pops=PLACES, new_snapshot=st.booleans())
    def publish(self, zone: str, pops: tuple[str, ...] | None, new_snapshot: bool) -> None:
        self.number += 1
        content = b"%d" % self.number
        self.published[zone, content] = None
        self.core.publish(zone, content, pops, new_snapshot)

    @precondition(lambda self: self.core.contents)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.core.remove(data.draw(st.sampled_from(sorted(self.core.contents))))

    @precondition(lambda self: self.core.manifests)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        self.core.end(data.draw(st.sampled_from(sorted(self.core.manifests))))

    @rule()
    def write_head(self) -> None:
        self.core.head()

    @rule()
    def lose_the_core(self) -> None:
        self.core.lose_everything()

    @rule(keep=st.integers(0, 2))
    def trim(self, keep: int) -> None:
        del self.core.data.log[: max(0, len(self.core.data.log) - keep)]

    # The replica

    @rule()
    def replicate(self) -> None:
        self.copies.append(self.core.data.copy())
        self.edge.data = self.core.data.copy()

    @precondition(lambda self: self.copies)
    @rule(data=st.data())
    def restore_a_copy(self, data: st.DataObject) -> None:
        self.edge.data = data.draw(st.sampled_from(self.copies)).copy()

    @rule()
    def empty(self) -> None:
        self.edge.data = Database()

    @precondition(lambda self: self.edge.data.values)
    @rule(data=st.data(), damage=st.sampled_from(["missing", "changed", "swapped"]))
    def damage_a_value(self, data: st.DataObject, damage: str) -> None:
        values = self.edge.data.values
        name = data.draw(st.sampled_from(sorted(values)))
        if damage == "missing":
            del values[name]
        elif damage == "changed":
            values[name] += b"x"
        else:
            values[name] = values[data.draw(st.sampled_from(sorted(values)))]

    @precondition(lambda self: self.core.manifests)
    @rule(data=st.data())
    def forge(self, data: st.DataObject) -> None:
        zone = data.draw(st.sampled_from(sorted(self.core.manifests)))
        forged = manifests.sign(self.core.manifests[zone], FORGER)
        self.edge.data.values[keys.manifest(zone)] = forged

    @rule(zone=ZONES, lsn=st.integers(0, 10**15), epoch=st.integers(0, 99))
    def announce_falsely(self, zone: str, lsn: int, epoch: int) -> None:
        self.edge.data.zones[zone.encode()] = b"%d %d.1" % (lsn, epoch)

    # The link

    @rule()
    def connect(self) -> None:
        self._feed(events.Connected())

    @rule(done=st.booleans())
    def disconnect(self, done: bool) -> None:
        """The open command is never answered; the engine may have executed it all the same."""
        if done and self.open:
            self.edge.execute(self.open[0])
        self.open = []
        self._feed(events.Disconnected())

    @rule()
    def resync(self) -> None:
        self._feed(events.Resync())

    @rule()
    def refresh(self) -> None:
        self.refreshes += 1
        self._feed(events.Refresh(Revision(1, self.refreshes)))

    @precondition(lambda self: self.open)
    @rule(count=st.integers(1, 12))
    def answer(self, count: int) -> None:
        for _ in range(count):
            if self.open:
                self._answer()

    @precondition(lambda self: self.open)
    @rule()
    def fail_in_the_engine(self) -> None:
        command = self.open[0]
        if isinstance(command, commands.Load | commands.Apply):
            self.open.pop(0)
            self._feed(events.Applied(command, "no memory"))

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def answer_again(self, data: st.DataObject) -> None:
        answer = data.draw(st.sampled_from(self.late))
        if answer.command not in self.open:
            assert self.follower.feed(answer) == []

    # What must hold

    @invariant()
    def what_is_served_was_published(self) -> None:
        for zone, content in self.edge.served.items():
            assert (zone, content) in self.published

    @invariant()
    def no_zone_is_lost_without_a_signed_reason(self) -> None:
        for zone, manifest in self.edge.held.items():
            assert (zone in self.edge.served) == manifest.assigned(POP)

    @invariant()
    def one_command_is_open(self) -> None:
        assert len(self.open) <= 1

    def teardown(self) -> None:
        self.core.head()
        self.replicate()
        self.disconnect(done=True)
        self._feed(events.Connected())
        self._settle()
        expected = {
            zone: content
            for zone, content in self.core.contents.items()
            if self.core.manifests[zone].assigned(POP)
        }
        gone = [m.zone for m in self.core.manifests.values() if not m.assigned(POP)]
        for zone, content in expected.items():
            assert self.edge.served.get(zone) == content
        assert not self.edge.served.keys() & set(gone)
        assert self.follower.complete
        newest = max((m.lsn for m in self.core.manifests.values()), default=0)
        assert acks.answered(self.edge.acks[-1], self.core.positions) >= newest
        assert not self.edge.acks[-1].failing.keys() & self.core.manifests.keys()
        if self.edge.served.keys() <= self.core.manifests.keys():  # else there is nothing to load
            done = self.follower.refreshed
            assert done == (Revision(1, self.refreshes) if self.refreshes else None)

    def _feed(self, event: events.Event) -> None:
        for command in self.follower.feed(event):
            if isinstance(command, Ack):
                self.edge.execute(command)
                self.edge.check_claim(self.core, command)
            elif isinstance(command, commands.Drop | commands.Withhold):
                self.edge.execute(command)
            else:
                self.open.append(command)

    def _answer(self) -> None:
        answer = self.edge.execute(self.open.pop(0))
        assert answer is not None
        self.late = [*self.late[-5:], answer]
        self._feed(answer)

    def _settle(self) -> None:
        for _ in range(STEPS):
            if not self.open:
                return
            log = self.open[0]
            self._answer()
            if isinstance(log, ReadLog) and self.open == [log]:
                return
        raise AssertionError(f"still busy after {STEPS} steps: {self.open}")


TestFollowing = Following.TestCase
TestFollowing.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
