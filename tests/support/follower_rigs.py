"""A follower at work on the model of a core (see `core_model`)."""

from collections.abc import Mapping

from dnsfleet.replication import acks, commands, events
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.commands import ReadLog
from dnsfleet.replication.follower import Follower

from support.core_model import KEY, POP, Core, Edge

A, B = "a.example.", "b.example."


class Rig:
    """A follower on a core's data; `settle` runs it until it only waits for the log."""

    def __init__(self, core: Core, pop: str | None = POP) -> None:
        self.core = core
        self.follower = Follower(pop, (KEY.public_key(),))
        self.edge = Edge(core.data, pop)
        self.done: list[commands.Command] = []
        self.log: ReadLog | None = None
        self.distrusted: list[str] = []
        """What was not what a valid key signed, of all that was read."""

    def feed(self, event: events.Event) -> None:
        if isinstance(event, events.KeysChanged):
            self.edge.trusted = event.keys
        todo = self._feed(event)
        while todo:
            command = todo.pop(0)
            self.done.append(command)
            if isinstance(command, ReadLog) and command.wait:
                self.log = command
            elif isinstance(command, Ack):
                self.edge.execute(command)
                self.edge.check_claim(self.core, command)
            elif (answer := self.edge.execute(command)) is not None:
                todo += self._feed(answer)

    def _feed(self, event: events.Event) -> list[commands.Command]:
        wanted = self.follower.feed(event)
        self.distrusted += self.follower.distrusted
        return wanted

    def settle(self) -> list[commands.Command]:
        """Answer reads of the log until nothing is new; the commands that were executed."""
        self.done = []
        while self.log is not None:
            log, before, self.log = self.log, len(self.done), None
            answer = self.edge.execute(log)
            assert isinstance(answer, events.LogRead)
            self.feed(answer)
            if not answer.entries and len(self.done) == before + 1:
                break
        return [done for done in self.done if not isinstance(done, ReadLog)]

    @property
    def ack(self) -> Ack:
        return self.edge.acks[-1]

    @property
    def claim(self) -> tuple[int, Mapping[str, str]]:
        """Up to where the newest ack proves what is answered, -1 for nothing; and what fails."""
        return acks.answered(self.ack, self.core.positions), self.ack.failing


def core_of_two_zones() -> Core:
    """A core that published A and B, and the head of a fleet of these two."""
    core = Core()
    core.publish(A, b"a1")
    core.publish(B, b"b1")
    core.head()
    return core


def settled_rig(core: Core) -> Rig:
    """A follower that is up to date and waits for the log."""
    rig = Rig(core)
    rig.feed(events.Connected())
    rig.settle()
    return rig


def kinds(done: list[commands.Command]) -> list[str]:
    return [type(command).__name__ for command in done]
