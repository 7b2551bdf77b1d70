"""What is known of a Pop that another cluster runs, from the report of its operator. Pure."""

from dnsfleet.replication.pop_reports import Report
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources import Pop

from dnsfleet_operator.observed import edge_sets
from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.pops.passes import PopResult
from dnsfleet_operator.pops.remote import RemoteEdges
from dnsfleet_operator.statuses.arrivals import Lag
from dnsfleet_operator.statuses.conditions import Condition
from dnsfleet_operator.statuses.pops import Facts
from dnsfleet_operator.statuses.propagation import Fleet

NOT_TAKEN = ("SpecRefused", "SpecOutdated", "SpecNotUnderstood", "KeysLost")
"""Reasons in a report that are about the spec."""

_NOT_JOINED = (
    "NotJoined",
    "nothing was heard from its cluster yet: join that with `kubectl dnsfleet pop join {}`",
)


def facts(
    remote: RemoteEdges,
    drains: Drains,
    fleet: Fleet,
    lag: Lag,
    doubtful: tuple[str, ...],
    pop: Pop,
    result: PopResult,
) -> Facts:
    """The facts of one Pop; `lag` and `doubtful` as for a Pop of this cluster (`pop_facts`)."""
    name = pop.metadata.name
    report = remote.reports.get(name)
    drained, asked_by = name in drains.drained, pop.drain_asked_by
    refusal = drains.refused.get(name)
    refused = None if refusal is None else (refusal.reason, refusal.message)
    said = (_NOT_JOINED[0], _NOT_JOINED[1].format(name)) if report is None else report.problem
    lag_ms = 0 if lag.since_ms is None else fleet.now_ms - lag.since_ms
    silent = fleet.silent(name)
    return Facts(
        problem=result.problem or (None if asked_by else refused) or said,
        rolling="" if report is None else report.rolling,
        wanted=0 if drained else pop.spec.edge.replicas if report is None else report.wanted,
        ready=0 if report is None else report.ready,
        pods=0 if report is None else report.pods,
        assigned=lag.assigned,
        current=lag.current,
        lag_ms=max(0, lag_ms) // 1000 * 1000,
        silent=tuple(silent),
        doubtful=doubtful,
        drained=drained,
        refusal=refused if asked_by else None,
        drain_asked_by=asked_by,
        addresses=() if report is None else report.addresses,
        awaits_address=report is not None and _awaits_address(pop, report),
        version="" if report is None else report.version,
        more=(applied(report, result, remote.published.get(name)),),
    )


def _awaits_address(pop: Pop, report: Report) -> bool:
    """Whether its Service waits for a load balancer, which is all that a report can lack.

    Edges on nodes have no Service.
    """
    if edge_sets.kind(pop.spec.edge.exposure) == "DaemonSet":
        return False
    return pop.spec.service.type == "LoadBalancer" and report.ready > 0 and not report.addresses


def applied(report: Report | None, result: PopResult, published: Revision | None) -> Condition:
    """Whether the other cluster holds the whole spec that was published last.

    One generation of the object is published several times: with what is decided of a drain, with
    other keys, and by each new leader.
    """
    if report is None:
        return Condition("SpecApplied", None, "NotHeard", "nothing was heard from its cluster yet")
    if report.problem is not None and report.problem[0] in NOT_TAKEN:
        return Condition("SpecApplied", False, *report.problem)
    if published is None:
        return Condition("SpecApplied", None, "NotPublished", "its spec is not published yet")
    if report.uid not in ("", result.uid):
        told = "its cluster holds the spec of an earlier Pop of this name"
        return Condition("SpecApplied", False, "Pending", told)
    if report.generation != result.generation or report.revision != published:
        told = f"its cluster holds generation {report.generation} of the spec"
        told += f", revision {report.revision}; {published} was published last"
        return Condition("SpecApplied", False, "Pending", told)
    if report.ignored:
        told = f"its operator, version {report.version}, does not know {', '.join(report.ignored)}"
        return Condition("SpecApplied", False, "FieldsIgnored", f"{told}; upgrade that release")
    return Condition("SpecApplied", True, "Applied")
