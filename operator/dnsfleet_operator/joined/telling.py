"""What a joined cluster tells of its Pop: the report to the core, and the status here."""

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from dnsfleet.replication import telemetry
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.command_words import Outcome
from dnsfleet.replication.telemetry import Meter
from dnsfleet.resources import Pop, Reference

from dnsfleet_operator.joined import reporting
from dnsfleet_operator.joined.joining import Join
from dnsfleet_operator.joined.sending import ReportSender
from dnsfleet_operator.joined.specs import Specs
from dnsfleet_operator.leading.dependencies import Dependencies
from dnsfleet_operator.pops.passes import PopPasses
from dnsfleet_operator.statuses.events import notices


class Teller:
    """Tells it where it differs from what was told before."""

    def __init__(self, given: Dependencies, passes: PopPasses) -> None:
        self._given = given
        self._passes = passes
        self._shown: object = None
        self._meter, self._measured_at = Meter(), -math.inf

    def tell(
        self,
        join: Join,
        specs: Specs,
        said: Mapping[str, Ack],
        sender: ReportSender,
        join_problem: str,
        outcomes: tuple[Outcome, ...],
    ) -> None:
        """Tell the core, and show it here; `said` by POP/EDGE, `join_problem` of the Secret,
        `outcomes` of Pop commands."""
        reference = Reference("Pop", "", join.pop)
        known = self._given.observation.get(reference)
        result = self._passes.results.get(join.pop)
        pop = known.document.resource if known is not None and known.document else None
        found = None
        if isinstance(pop, Pop) and result is not None:
            found = reporting.facts(self._passes.drains, self._given.workloads, said, pop, result)
        now_ms = time.time_ns() // 1_000_000
        workloads = self._given.workloads
        sender.put(reporting.report(now_ms, join.pop, specs, found, workloads, said, outcomes))
        if time.monotonic() - self._measured_at >= telemetry.SECONDS:
            self._measured_at = time.monotonic()
            sender.measured(self._meter.take(said, now_ms))
        self._given.metrics.core_up.set(not sender.problem)
        if known is None or found is None or result is None:
            return
        condition = reporting.mirrored(join.address, specs, join_problem)
        shown = (known.uid, result.generation, found, condition, sender.problem)
        if shown == self._shown:
            return
        self._shown = shown
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        status = reporting.status(
            result.generation, found, condition, sender.problem, known.status, now
        )
        told = notices(known.status, status)
        self._given.put_status(reference, known.uid, status, told, True)
