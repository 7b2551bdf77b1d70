"""The commands to the Pop of this cluster, as its replica has them."""

import logging
from collections.abc import Callable, Mapping, Sequence

from dnsfleet.replication import pop_commands
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.command_words import Outcome
from dnsfleet.replication.public_keys import PublicKeys

from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.joined.journals import JoinedJournal
from dnsfleet_operator.joined.own_keys import JOINED_KEYS, OwnKeys
from dnsfleet_operator.joined.replica import Replica
from dnsfleet_operator.pops import verbs
from dnsfleet_operator.pops.carrying_out import Carrier

_log = logging.getLogger(__name__)


class JoinedCommands:
    """Carries out what a valid key signed for one Pop."""

    def __init__(
        self,
        cluster: Cluster,
        configuration: Configuration,
        said: Callable[[], Mapping[str, Ack]],
        has_core: Callable[[], bool],
    ) -> None:
        """`said` gives what edges said last, by POP/EDGE; `has_core` whether the core answers."""
        self._cluster = cluster
        self._configuration = configuration
        self._said = said
        self._has_core = has_core
        self._replica: Replica | None = None
        self._of: tuple[str, str] = ("", "")
        """The name of the Pop that the rest is about, and the keys with which it joined."""
        self._carrier: Carrier | None = None
        self._seen: tuple[Sequence[bytes], PublicKeys] | None = None
        self._problem = ""

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What became of them."""
        return () if self._carrier is None else self._carrier.journal.outcomes

    def turn(self, replica: Replica, pop: str, own: OwnKeys) -> None:
        """Take what the replica has, and do what can be done.

        StoreError where it does not answer.
        """
        self._replica = replica
        joined = (pop, own.entries[JOINED_KEYS])
        if joined != self._of:
            self._of, self._carrier, self._seen = joined, None, None
        seen = (replica.commands(pop), own.trusted)
        try:
            carrier = self._carrier or self._begin(pop)
            if seen != self._seen or carrier.journal.begun:
                carrier.turn(pop_commands.readable(seen[0], pop, own.trusted))
                self._seen = seen
        except ClusterError as error:
            if str(error) != self._problem:
                _log.warning("commands wait: %s", error)
            self._problem = str(error)
        else:
            self._problem = ""

    def _begin(self, pop: str) -> Carrier:
        journal = JoinedJournal(self._cluster, self._configuration)
        namespace = self._configuration.namespace
        known = verbs.of_pop(
            self._cluster, namespace, pop, self._forget, self._said, self._has_core
        )
        self._carrier = Carrier(journal.read(), journal.keep, known)
        return self._carrier

    def _forget(self, edges: Sequence[str]) -> None:
        assert self._replica is not None  # noqa: S101 - by its turn
        self._replica.forget_edges(edges)
