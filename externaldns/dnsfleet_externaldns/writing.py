"""Carries out a plan, one object after the other; what the API server refuses costs nobody else."""

import logging
from collections.abc import Callable

from dnsfleet.resources import Reference
from dnsfleet_io.logs import line
from dnsfleet_kubernetes.calls import RefusedError, UnavailableError

from dnsfleet_externaldns.admission import EndpointId, Refusal
from dnsfleet_externaldns.cluster import API
from dnsfleet_externaldns.metrics import WebhookMetrics
from dnsfleet_externaldns.plans import Apply, Delete, Plan, Refused

WRITE_SECONDS = 10.0
"""How long one request may write: ExternalDNS waits for 15 s in all, and then ends."""

_log = logging.getLogger(__name__)


class Writing:
    """The writes of one request, which begins now."""

    def __init__(self, api: API, metrics: WebhookMetrics, clock: Callable[[], float]) -> None:
        self._api = api
        self._metrics = metrics
        self._clock = clock
        self._ends = clock() + WRITE_SECONDS
        self._spoiled: set[str] = set()
        """Groups of which something was refused."""
        self._new: dict[str, list[tuple[Reference, str]]] = {}
        """Objects that were made, with their uids, by group."""
        self.refused: dict[EndpointId, Refused] = {}
        """What was refused, by the plans or by the API server."""
        self.done: set[EndpointId] = set()
        """What was applied."""

    def run(self, plan: Plan) -> None:
        """Write all; UnavailableError where the API server does not answer or the time is over.

        Where a part of a group is refused, nothing new of it stays, and nothing of it goes.
        """
        self.refused |= plan.refused
        writes: list[Apply | Delete] = [*plan.applies, *plan.deletes]
        for write in writes:
            if self._clock() > self._ends:
                raise UnavailableError(
                    f"the writes took {WRITE_SECONDS:.0f} s; the rest is for the next round"
                )
            if write.group in self._spoiled and not (isinstance(write, Apply) and write.uid):
                continue
            try:
                self._write(write)
            except RefusedError as error:
                refusal = Refusal(error.reason, str(error))
                self.refused[write.id] = Refused(refusal, write.group)
                self._spoil(write.group)

    def _write(self, write: Apply | Delete) -> None:
        if isinstance(write, Delete):
            self._delete(write.place, write.uid)
            return
        uid = self._api.apply(write.body, write.uid)
        self.done.add(write.id)
        self._metrics.writes.labels("apply").inc()
        if not write.uid:
            metadata = write.body["metadata"]
            place = Reference("RecordSet", metadata["namespace"], metadata["name"])
            self._new.setdefault(write.group, []).append((place, uid))

    def _delete(self, place: Reference, uid: str) -> None:
        self._api.delete(place, uid)
        self._metrics.writes.labels("delete").inc()

    def _spoil(self, group: str) -> None:
        """Take back what is new of a group."""
        self._spoiled.add(group)
        for place, uid in self._new.pop(group, ()):
            try:
                self._delete(place, uid)
            except RefusedError as error:
                _log.warning(line("not_taken_back", record_set=place, reason=error))
