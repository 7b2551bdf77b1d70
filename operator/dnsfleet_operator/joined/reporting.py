"""The report of a Pop, and the status that its object shows in its own cluster. Pure."""

from collections.abc import Mapping
from typing import Any

from dnsfleet.replication import pop_reports
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.command_words import Outcome
from dnsfleet.replication.pop_reports import Report
from dnsfleet.replication.sums import Positions
from dnsfleet.resources import Pop

from dnsfleet_operator.configuration import VERSION
from dnsfleet_operator.joined.specs import Specs
from dnsfleet_operator.observed import edge_pods
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.pops.passes import PopResult
from dnsfleet_operator.statuses import pop_facts
from dnsfleet_operator.statuses import pops as pop_statuses
from dnsfleet_operator.statuses.arrivals import Lag
from dnsfleet_operator.statuses.conditions import Condition, Status, merge
from dnsfleet_operator.statuses.pops import Facts
from dnsfleet_operator.statuses.propagation import Fleet


def facts(
    drains: Drains, workloads: Workloads, said: Mapping[str, Ack], pop: Pop, result: PopResult
) -> Facts:
    """What this cluster knows of its Pop, and nothing of what the core published."""
    fleet = Fleet([], edge_pods.serving_by_pop(workloads.pods), said, Positions(), 0)
    return pop_facts.facts(drains, workloads, fleet, Lag(0, 0, None), (), pop, result)


def report(
    now_ms: int,
    pop: str,
    specs: Specs,
    found: Facts | None,
    workloads: Workloads,
    said: Mapping[str, Ack],
    outcomes: tuple[Outcome, ...],
) -> Report:
    """What the core is told; `found` is None while there is no Pop object, `said` by POP/EDGE,
    `outcomes` of Pop commands."""
    made = Report(now_ms, VERSION, None, 0, problem=specs.refused, outcomes=outcomes)
    if specs.followed is not None:
        held, understood = specs.followed
        made = made._replace(
            revision=held.says.revision,
            generation=held.says.generation,
            ignored=understood.ignored,
            uid=held.says.uid,
        )
        if understood.problem and made.problem is None:
            made = made._replace(problem=("SpecNotUnderstood", understood.problem))
    if found is None:
        return made
    serving = edge_pods.serving_by_pop(workloads.pods).get(pop, ())
    words = edge_pods.newest_words(serving, said)
    return made._replace(
        problem=made.problem or found.problem,
        rolling=found.rolling,
        wanted=found.wanted,
        ready=found.ready,
        pods=found.pods,
        addresses=found.addresses,
        words=pop_reports.words({edge.name: words[edge.field] for edge in serving}),
    )


def status(
    generation: int, found: Facts, mirrored: Condition, unsent: str, before: Status, now: str
) -> dict[str, Any]:
    """The status of the Pop object of this cluster. `now` is RFC 3339; `unsent` is why the core
    was not told lately, empty where it was."""
    connected = Condition("Connected", not unsent, "CoreUnreachable" if unsent else "Told", unsent)
    elsewhere = "the core knows: look at the Pop of this name there"
    conditions = [
        *pop_statuses.of_pods(found),
        connected,
        Condition("Synced", None, "ToldInTheCore", elsewhere),
        mirrored,
    ]
    made: dict[str, Any] = {
        "observedGeneration": generation,
        "edges": {
            "ready": found.ready,
            "desired": found.wanted,
            "text": f"{found.ready}/{found.wanted}",
        },
        "version": VERSION,
        "conditions": merge(conditions, generation, before, now),
    }
    if found.addresses:
        made["addresses"] = list(found.addresses)
    return made


def mirrored(core: str, specs: Specs, why: str) -> Condition:
    """Where the Pop object of this cluster comes from; `why` the join Secret cannot be used."""
    if why:
        return Condition("Mirrored", False, "JoinFailed", why)
    if specs.refused is not None:
        return Condition("Mirrored", False, *specs.refused)
    if specs.followed is None:
        told = f"no valid spec came from the core at {core} yet"
        return Condition("Mirrored", False, "NoSpec", told)
    held, understood = specs.followed
    if understood.problem:
        told = f"version {VERSION} cannot use what the core asks for: {understood.problem}"
        return Condition("Mirrored", False, "SpecNotUnderstood", f"{told}; the last good one stays")
    source = f"revision {held.says.revision} from the core at {core}; edits here are reverted"
    if understood.ignored:
        unknown = ", ".join(understood.ignored)
        told = f"{source}; version {VERSION} does not know {unknown}: upgrade this release"
        return Condition("Mirrored", True, "FieldsIgnored", told)
    return Condition("Mirrored", True, "FromCore", source)
