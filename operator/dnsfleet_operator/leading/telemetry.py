"""The telemetry of all Pops, for the metrics of the operator.

What a Pop of another cluster says of itself is read now and then. For a Pop of this cluster it is
made here, of the acks of its edges. Where it cannot be had there are no figures, and nothing else
happens.
"""

from collections.abc import Callable, Mapping

import redis
from dnsfleet.replication import pop_slots, telemetry
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.telemetry import Meters, Sample

from dnsfleet_operator.leading.dependencies import Dependencies
from dnsfleet_operator.pops.carrying_out import now_ms
from dnsfleet_operator.pops.remote import remote
from dnsfleet_operator.work_queue import Key

TELEMETRY = Key("Telemetry")


class Telemetry:
    """One leader's."""

    def __init__(
        self, given: Dependencies, client: redis.Redis, said: Callable[[], Mapping[str, Ack]]
    ) -> None:
        """`client` is of the publisher at the core; `said` gives what edges said last."""
        self._given = given
        self._client = client
        self._said = said
        self._meters = Meters()
        given.waiting.add(TELEMETRY)

    def run(self, key: Key) -> bool:
        """Let the metrics show how much each Pop answers; no status says more after it."""
        self._given.waiting.add(key, telemetry.SECONDS)
        pops = self._given.observation.pops
        there = {pop.metadata.name for pop in remote(pops)}
        here = {pop.metadata.name for pop in pops} - there
        self._given.metrics.fleet.traffic = self._of_others(sorted(there)) | self._of_here(here)
        return False

    def _of_here(self, pops: set[str]) -> dict[str, Sample]:
        said: dict[str, dict[str, Ack]] = {pop: {} for pop in pops}
        for edge, ack in self._said().items():
            if (pop := edge.partition("/")[0]) in said:
                said[pop][edge] = ack
        return self._meters.take(said, now_ms())

    def _of_others(self, pops: list[str]) -> dict[str, Sample]:
        if not pops:
            return {}
        pipeline = self._client.pipeline(transaction=False)
        for pop in pops:
            pipeline.getrange(pop_slots.key(pop, telemetry.SLOT), 0, telemetry.OCTETS)
        try:
            values = pipeline.execute()
        except redis.RedisError:
            return {}  # passes tell that the core is away
        samples = zip(pops, map(telemetry.decode, values), strict=True)
        now = now_ms()
        return {
            pop: sample
            for pop, sample in samples
            if sample is not None and telemetry.is_shown(sample, now)
        }
