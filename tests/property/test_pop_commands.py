"""The channel of Pop commands: whatever gets lost, comes twice or begins anew, each request ends,
and has its effect once at most."""

from collections.abc import Iterator

import dnsfleet_operator.pops.carrying_out as carrying_out
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import command_giving, command_words, pop_commands
from dnsfleet.replication.command_words import DONE, EXPIRED, FAILED, Begun, Journal, Outcome
from dnsfleet.replication.pop_commands import MAX_WAITING, Request
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.cluster import ClusterError
from dnsfleet_operator.pops.carrying_out import Carrier, Refused
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

KEY, FORGER = (Ed25519PrivateKey.from_private_bytes(bytes([each]) * 32) for each in (1, 2))
POP = "fra"
LIFETIME_MS = 60_000


class Crash(Exception):  # noqa: N818 - what happens, not a fault
    """The operator of the Pop ends."""


class Pods:
    """What commands have their effect on: a pod that is replaced by another one."""

    def __init__(self) -> None:
        self.running = 0
        self.effects: list[str] = []
        """The names of the requests that had an effect, in order."""
        self.targets: dict[str, int] = {}
        """The pod that was running when each request was begun."""

    def replaced(self, request: str) -> bool:
        """Whether that pod is gone, by this request or by another one for the same pod."""
        return self.targets.get(request, self.running) < self.running


class Replace:
    """A verb that crashes, and fails, where the test says so."""

    def __init__(self, pods: Pods, faults: Iterator[str]) -> None:
        self._pods = pods
        self._faults = faults

    def choose(self, begun: Begun) -> str:
        _stumble(next(self._faults))
        if begun.request.argument == "nowhere":
            raise Refused("there is no such thing")
        self._pods.targets.setdefault(begun.request.name, self._pods.running)
        return str(self._pods.running)

    def carry_out(self, begun: Begun) -> str:
        _stumble(next(self._faults))
        if begun.target == str(self._pods.running):
            self._pods.running += 1
            self._pods.effects.append(begun.request.name)
        _stumble(next(self._faults))
        return "replaced"


def _stumble(fault: str) -> None:
    if fault == "crash":
        raise Crash
    if fault == "fail":
        raise ClusterError("the API server is away", 0)


class Channel(RuleBasedStateMachine):
    """A writer, its core, the replica of a Pop, and the operator there."""

    @initialize()
    def begin(self) -> None:
        self.now_ms = 1_000_000
        self.requests: list[Request] = []
        self.status: dict[str, Outcome] = {}
        self.fence, self.highest = 1, Revision(0, 0)
        self.core: list[bytes] = []
        self.backup: list[bytes] = []
        self.replica: list[bytes] = []
        self.seen: list[bytes] = []
        self.kept = command_words.encode(Journal())
        self.slot: tuple[Outcome, ...] = ()
        self.pods = Pods()
        self.faults: list[str] = []
        self.connected = self.honest = True
        self.taken = Revision(0, 0)
        self.started: list[str] = []
        self.operator: Carrier | None = None

    # What people do

    @rule(where=st.sampled_from(("", "", "nowhere")), late=st.booleans())
    def ask(self, where: str, late: bool) -> None:
        lifetime = 1 if late else LIFETIME_MS
        name = f"r{len(self.requests)}"
        self.requests.append(Request(name, "replace", where, self.now_ms, self.now_ms + lifetime))

    @rule(seconds=st.sampled_from((1, 5, 90)))
    def wait(self, seconds: int) -> None:
        self.now_ms += seconds * 1000

    # The writer

    @rule(answer_lost=st.booleans())
    def write(self, answer_lost: bool) -> None:
        found = pop_commands.readable(self.core, POP, [KEY.public_key()])
        given = command_giving.give(self.requests, self.status, self.slot, found, self.now_ms)
        assert len(given.waiting) <= MAX_WAITING
        self.status = dict(given.outcomes)
        highest = max([self.highest, *(each.sequence for each in found)])
        for command in command_giving.numbered(POP, given.write, self.fence, highest):
            self.core.append(pop_commands.sign(command, KEY))
            if not answer_lost:
                self.highest = command.sequence

    @rule()
    def restart_the_writer(self) -> None:
        self.fence, self.highest = self.fence + 1, Revision(0, 0)

    @rule()
    def back_the_core_up(self) -> None:
        self.backup = list(self.core)

    @rule(restored=st.booleans())
    def lose_the_core(self, restored: bool) -> None:
        """It begins anew, or goes back; its writer takes a fence above all that was."""
        self.core = list(self.backup) if restored else []
        self.slot = ()
        self.restart_the_writer()

    # The link

    @rule(connected=st.booleans())
    def cut(self, connected: bool) -> None:
        self.connected = connected

    @precondition(lambda self: self.connected)
    @rule(entries=st.integers(0, 20))
    def replicate(self, entries: int) -> None:
        """A replica may be behind; it has the first entries of what the core has."""
        self.replica = self.core[: max(entries, len(self.replica))]
        self.seen += [each for each in self.replica if each not in self.seen]

    @rule(data=st.data())
    def tamper(self, data: st.DataObject) -> None:
        """Whoever holds the replica shows any of what it ever had, in any order, and forgeries."""
        self.replica = data.draw(st.lists(st.sampled_from([*self.seen, b"x"]), max_size=8))
        request = Request("forged", "replace", "", self.now_ms, self.now_ms + LIFETIME_MS)
        forged = pop_commands.PopCommand(POP, Revision(2**40, 1), request)
        self.replica.append(pop_commands.sign(forged, FORGER))
        self.honest = False

    @rule()
    def mend(self) -> None:
        """A replica that copies the core anew."""
        if self.connected:
            self.replica = list(self.core)

    # The operator of the Pop

    @rule(fault=st.sampled_from(("crash", "fail")), after=st.integers(0, 12))
    def turn(self, fault: str, after: int) -> None:
        """What is asked of the API server goes well so often, and then not."""
        self.faults = [""] * after + [fault]
        if self.operator is None:
            verbs = {"replace": Replace(self.pods, self._next_faults())}
            self.operator = Carrier(command_words.decode(self.kept), self._keep, verbs)
        commands = pop_commands.readable(self.replica, POP, [KEY.public_key()])
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(carrying_out, "now_ms", lambda: self.now_ms)
                self.operator.turn(commands)
        except Crash:
            self.operator = None
        except ClusterError:
            pass

    @rule(fault=st.sampled_from(("crash", "fail")), after=st.integers(0, 12))
    def deliver(self, fault: str, after: int) -> None:
        """Something new comes all the way to the operator of the Pop."""
        self.ask("", late=False)
        self.write(answer_lost=False)
        self.mend()
        self.turn(fault, after)

    @rule(lost=st.booleans())
    def report(self, lost: bool) -> None:
        if self.operator is not None and self.connected and not lost:
            said = command_words.said(self.operator.journal.outcomes)
            self.slot = command_words.heard(said)

    def _next_faults(self) -> Iterator[str]:
        while True:
            yield self.faults.pop(0) if self.faults else ""

    def _keep(self, journal: Journal) -> None:
        _stumble(self.faults.pop(0) if self.faults else "")
        assert journal.sequence >= self.taken, "it went back"
        assert len(journal.begun) <= MAX_WAITING
        begun = [each.sequence for each in journal.begun]
        assert begun == sorted(begun)
        new = [each.sequence for each in journal.begun if each.request.name not in self.started]
        assert all(sequence > self.taken for sequence in new), "one of a lower number came later"
        assert all(each.request.expires_ms > self.now_ms for each in journal.begun), "it was late"
        self.taken = journal.sequence
        self.kept = command_words.encode(journal)
        assert command_words.decode(self.kept) == journal
        self.started += [
            each.request.name for each in journal.begun if each.request.name not in self.started
        ]

    # What must hold

    @invariant()
    def effects_come_once(self) -> None:
        if not hasattr(self, "pods"):
            return
        effects = self.pods.effects
        assert len(effects) == len(set(effects)), "a request had its effect twice"
        assert "forged" not in effects
        arguments = {each.name: each.argument for each in self.requests}
        for name, outcome in self.status.items():
            if outcome.state == DONE:
                assert self.pods.replaced(name)
            if outcome.state == FAILED:
                assert arguments[name] == "nowhere" or "wait already" in outcome.message

    def teardown(self) -> None:
        """Once all is connected, each request ends, and only what was done says so."""
        if not hasattr(self, "pods"):
            return
        self.connected = True
        for _ in range(4):
            self.write(answer_lost=False)
            self.mend()
            self.turn("fail", 1000)
            self.report(lost=False)
        if self.honest:
            for request in self.requests[-pop_commands.MAX_KEPT :]:
                if self.now_ms < request.expires_ms:
                    assert self.status[request.name].state in (DONE, FAILED), request
        self.now_ms += LIFETIME_MS + command_giving.GRACE_MS
        for _ in range(2):
            self.write(answer_lost=False)
            self.mend()
            self.turn("fail", 1000)
            self.report(lost=False)
        self.write(answer_lost=False)
        names = [each.name for each in self.requests]
        assert set(self.status) == set(names[-pop_commands.MAX_KEPT :])
        assert {each.state for each in self.status.values()} <= {DONE, FAILED, EXPIRED}
        done = {name for name, each in self.status.items() if each.state == DONE}
        unknown = {name for name in self.pods.effects if name in self.status} - done
        assert all("it was begun on" in self.status[name].message for name in unknown)


TestChannel = Channel.TestCase
TestChannel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
