"""Commands to Pops: from annotations of a Pop to its stream, and back to its status.

    annotation ──▶ signed ──▶ stream ──▶ whoever runs the Pop ──▶ word ──▶ status, Event

A Pop of another cluster reads the stream in its replica, and its word is in its report. A Pop of
this cluster is served by the same code from the stream in the core, because its replica may be what
is to be restarted. A Pop that was given nothing costs nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import command_giving, pop_commands
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.command_giving import Given
from dnsfleet.replication.command_words import FAILED, Outcome
from dnsfleet.replication.pop_commands import MAX_KEPT, PopCommand
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources import Pop, Reference
from dnsfleet.resources.pop_requests import Asked, read
from dnsfleet_publisher.command_streams import CommandStreams
from dnsfleet_publisher.record_store import RecordStore

from dnsfleet_operator.cluster import ClusterError
from dnsfleet_operator.configuration import CORE
from dnsfleet_operator.leading.dependencies import Dependencies
from dnsfleet_operator.pops import carrying_out, verbs
from dnsfleet_operator.pops.carrying_out import Carrier
from dnsfleet_operator.pops.journals import JournalKeeper
from dnsfleet_operator.pops.remote import RemoteEdges
from dnsfleet_operator.secrets.key_keeping import KeyKeeper
from dnsfleet_operator.statuses import commands as command_statuses
from dnsfleet_operator.statuses.commands import Shown
from dnsfleet_operator.statuses.posting import post
from dnsfleet_operator.work_queue import Key

LOOK_SECONDS = 0.5
"""Between looks at what Pops are asked to do: how late that is heard, without any request."""
COMMANDS = Key("Commands")


class _Of(NamedTuple):
    """What is known of the commands of one Pop."""

    uid: str
    """Of its object: one that was made anew was given nothing."""
    outcomes: Mapping[str, Outcome]
    carrier: Carrier | None = None
    """What carries them out, where that is done here."""


class _Read(NamedTuple):
    """What a stream had at the last look, and what that means."""

    entries: tuple[bytes, ...]
    key: Ed25519PrivateKey
    commands: list[PopCommand]


class PopCommands:
    """One leader's. `run` may raise StoreError and ClusterError: to be tried again."""

    def __init__(
        self,
        given: Dependencies,
        keeper: KeyKeeper,
        store: RecordStore,
        client: redis.Redis,
        remote: RemoteEdges,
        said: Callable[[], Mapping[str, Ack]],
    ) -> None:
        """`client` is of the publisher at the core; `said` gives what edges said last."""
        self._given = given
        self._keeper = keeper
        self._store = store
        self._streams = CommandStreams(client)
        self._remote = remote
        self._said = said
        self._of: dict[str, _Of] = {}
        self._highest = Revision(0, 0)
        """The highest number that was used for any Pop: none is used twice under one fence."""
        self._read: dict[str, _Read] = {}
        self.shown: dict[str, tuple[Shown, ...]] = {}
        """By Pop that was given some, what its status says of them."""
        given.waiting.add(COMMANDS)

    def run(self, key: Key) -> bool:
        """Write what is asked for, do what is to be done here, and hear what was done.

        Whether statuses are to say something else after it.
        """
        self._given.waiting.add(key, LOOK_SECONDS)
        if not (self._given.observation.complete and self._keeper.known and self._store.fence):
            return False
        before, problem = dict(self.shown), None
        asked = [(pop, found) for pop in self._given.observation.pops if (found := _asked(pop))]
        for gone in self._of.keys() - {pop.metadata.name for pop, _ in asked}:
            del self._of[gone]
            self.shown.pop(gone, None)
            self._read.pop(gone, None)
        busy = [pop.metadata.name for pop, found in asked if self._waits(pop, found)]
        stored = self._streams.read(busy)
        for pop, found in asked:
            try:
                self._take(pop, found, stored.get(pop.metadata.name, ()))
            except ClusterError as error:
                problem = error  # it costs no other Pop
        if problem is not None:
            raise problem
        return self.shown != before

    def _waits(self, pop: Pop, asked: Asked) -> bool:
        """Whether something that a Pop was given has not ended."""
        outcomes = self._known(pop).outcomes
        return any(each.name not in outcomes for each in asked.requests)

    def _take(self, pop: Pop, asked: Asked, entries: Iterable[bytes]) -> None:
        """One Pop that was given something; `entries` is what its stream has, if that is needed."""
        keys, name = self._keeper.keys, pop.metadata.name
        stream = self._readable(name, tuple(entries), keys.private)
        given = self._hear(pop, asked, stream)
        if given.write:
            highest = max([self._highest, *(each.sequence for each in stream)])
            fence = self._store.fence
            new = command_giving.numbered(name, given.write, fence, highest)
            # An attempt whose answer gets lost may still be carried out: its numbers are used up.
            self._highest = new[-1].sequence
            self._streams.write(fence, name, new, keys.private)
            stream = [*stream, *new]
        here = pop.spec.cluster == "local" and self._given.configuration.role != CORE
        if here and given.waiting:
            waiting = {each.name for each in given.waiting}  # what ended is not done again
            self._carrier(pop).turn(each for each in stream if each.request.name in waiting)
            self._hear(pop, asked, stream)

    def _readable(
        self, pop: str, entries: tuple[bytes, ...], key: Ed25519PrivateKey
    ) -> list[PopCommand]:
        """The commands in the stream of a Pop; what was verified is not verified again."""
        known = self._read.get(pop)
        if known is None or known.entries != entries or known.key is not key:
            found = pop_commands.readable(entries, pop, [key.public_key()])
            known = self._read[pop] = _Read(entries, key, found)
        return known.commands

    def _hear(self, pop: Pop, asked: Asked, stream: Iterable[PopCommand]) -> Given:
        """See how the requests of a Pop stand, and tell what has ended."""
        name, now_ms = pop.metadata.name, carrying_out.now_ms()
        of = self._known(pop)
        given = command_giving.give(
            asked.requests, of.outcomes, self._word(pop, of), stream, now_ms
        )
        outcomes = dict(given.outcomes)
        for request, why in sorted(asked.unreadable.items())[:MAX_KEPT]:
            known = of.outcomes.get(request)
            outcomes[request] = known or Outcome(request, FAILED, why, now_ms)
        self._of[name] = of._replace(outcomes=outcomes)
        requests = {each.name: each for each in asked.requests}
        for each in outcomes.values():
            if each != of.outcomes.get(each.request):
                notice = command_statuses.notice(requests, each)
                identity = self._given.configuration.identity
                post(self._given.cluster, identity, notice, pop.reference, of.uid)
        self.shown[name] = command_statuses.shown(requests, outcomes, given.waiting)
        return given

    def _known(self, pop: Pop) -> _Of:
        """What is known of a Pop; the first time, what its status says."""
        name = pop.metadata.name
        found = self._given.observation.get(Reference("Pop", "", name))
        uid = found.uid if found is not None else ""
        if name not in self._of or self._of[name].uid != uid:
            status = found.status if found is not None else {}
            self._of[name] = _Of(uid, command_statuses.known(status))
        return self._of[name]

    def _word(self, pop: Pop, of: _Of) -> tuple[Outcome, ...]:
        """What became of the commands of a Pop, as far as it was heard."""
        if pop.spec.cluster == "agent":
            report = self._remote.reports.get(pop.metadata.name)
            return () if report is None else report.outcomes
        return () if of.carrier is None else of.carrier.journal.outcomes

    def _carrier(self, pop: Pop) -> Carrier:
        """What carries out the commands of a Pop of this cluster."""
        name = pop.metadata.name
        of = self._of[name]
        if of.carrier is None:
            cluster, namespace = self._given.cluster, self._given.configuration.namespace
            journal = JournalKeeper(cluster, namespace, name, of.uid)
            # The stream is read in the core, so the core is there.
            known = verbs.of_pop(
                cluster, namespace, name, self._store.core.forget_edges, self._said, lambda: True
            )
            of = of._replace(carrier=Carrier(journal.read(), journal.keep, known))
            self._of[name] = of
        assert of.carrier is not None  # noqa: S101 - made above
        return of.carrier


def _asked(pop: Pop) -> Asked | None:
    found = read(pop.metadata.annotations)
    return found if found.requests or found.unreadable else None
