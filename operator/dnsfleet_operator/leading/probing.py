"""Tells probers what there is to ask (see `dnsfleet_publisher.probe_lists`)."""

import logging
from collections.abc import Callable, Mapping

from dnsfleet.probing.lists import LIST_SECONDS
from dnsfleet.replication.acks import Ack
from dnsfleet.resources import Pop, Reference
from dnsfleet_io.logs import line
from dnsfleet_publisher.probe_lists import ProbeLists
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreError

from dnsfleet_operator.leading.dependencies import Dependencies
from dnsfleet_operator.pops.carrying_out import now_ms
from dnsfleet_operator.secrets.key_keeping import KeyKeeper
from dnsfleet_operator.statuses import probed_pops
from dnsfleet_operator.statuses.looks import View
from dnsfleet_operator.statuses.propagation import Fleet
from dnsfleet_operator.work_queue import Key

log = logging.getLogger(__name__)

PROBES = Key("Probes")
RETRY_SECONDS = 1.0
"""Until a new leader is looked at again that does not know enough yet."""


class Probing:
    """One leader's."""

    def __init__(
        self,
        given: Dependencies,
        keeper: KeyKeeper,
        store: RecordStore,
        view: View,
        said: Callable[[], Mapping[str, Ack]],
    ) -> None:
        """`said` gives what edges said last."""
        self._given = given
        self._keeper = keeper
        self._store = store
        self._view = view
        self._said = said
        self._lists = ProbeLists(store, lambda: view.results.outcomes)
        self._failing = False
        """Whether the list could not be written the last time."""
        given.waiting.add(PROBES)

    def run(self, key: Key) -> bool:
        """Write the next list, if any Pop has a prober; no status says more after it.

        While the core is away there is none, and passes tell of that too.
        """
        observation = self._given.observation
        if not self._given.configuration.probes:
            return False
        if not (self._keeper.known and observation.complete and self._store.fence):
            self._given.waiting.add(key, RETRY_SECONDS)
            return False
        self._given.waiting.add(key, LIST_SECONDS)
        view, now = self._view, now_ms()
        fleet = Fleet(view.active(), view.serving(), self._said(), self._store.positions, now)
        pops = probed_pops.probed([(pop, self._status(pop)) for pop in observation.pops], fleet)
        try:
            self._lists.write(pops, now, self._keeper.keys.private)
        except StoreError as error:
            if not self._failing:
                log.warning(line("probe_list_failed", problem=error))
            self._failing = True
        else:
            self._failing = False
        return False

    def _status(self, pop: Pop) -> Mapping[str, object]:
        found = self._given.observation.get(Reference("Pop", "", pop.metadata.name))
        return {} if found is None else found.status
