"""From two looks at a fleet to one row for each Pop: rates, shares, and what needs attention.

The bounds are those of the alerts of the same names, so what is marked here is what an alert will
fire for if it lasts.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dnsfleet_cli.top.samples import EdgeSample, FleetSample, PopSample

LAG_SECONDS = 15.0
"""DnsfleetReplicationStale."""
SERVFAIL_SHARE = 0.0144
"""DnsfleetEdgeServfailRatio, of its short range."""
LATENCY_SECONDS = 0.01
"""DnsfleetLatencyHigh, of the 99th percentile; below LATENCY_RATE a second one says nothing."""
LATENCY_RATE = 1.0
LIMITED_SHARE = 0.1
"""DnsfleetRateLimitSurge; below LIMITED_RATE a second a few repeated queries are a large part."""
LIMITED_RATE = 1.0
DOWN, BAD, WELL = 2, 1, 0
"""How much attention a Pop needs."""


@dataclass(frozen=True)
class Row:
    """One Pop. None is what nobody knows: there was one look only, or nothing happened."""

    pop: str
    ready: int
    desired: int
    zones: int | None
    queries: float | None
    """A second."""
    median: float | None
    """Seconds that the engine took for a response."""
    slow: float | None
    """Likewise, of the 99th percentile."""
    hits: float | None
    """The share of the look-ups that the answer cache had."""
    servfail: float | None
    """The share of the responses."""
    lag: float | None
    """Seconds, of the edge that is furthest behind."""
    attention: int
    reasons: tuple[str, ...]


def rows(before: FleetSample | None, now: FleetSample) -> list[Row]:
    """A row for each Pop, those first that need most attention, then by name."""
    earlier = {} if before is None else {pop.name: pop for pop in before.pops}
    found = [_row(earlier.get(pop.name), pop) for pop in now.pops]
    return sorted(found, key=lambda row: (-row.attention, row.pop))


def _row(before: PopSample | None, now: PopSample) -> Row:
    grown = [
        _growth(earlier, edge)
        for name, edge in now.edges.items()
        if edge is not None
        and before is not None
        and (earlier := before.edges.get(name)) is not None
        and edge.at > earlier.at
    ]
    answering = [edge for edge in now.edges.values() if edge is not None]
    ready = sum(edge.ready for edge in answering) if now.ready is None else now.ready
    lag = max((edge.lag for edge in answering), default=now.lag)
    total = _sum(grown)
    servfail = _share(total.servfail, total.responses) if grown else now.servfail
    attention, reasons = _attention(now, answering, ready, lag, servfail, total)
    return Row(
        pop=now.name,
        ready=ready,
        desired=now.desired,
        zones=max((edge.zones for edge in answering), default=now.zones),
        queries=total.queries if grown else now.queries,
        median=quantile(0.5, total.durations),
        slow=quantile(0.99, total.durations),
        hits=_share(total.cache_hits, total.cache_hits + total.cache_misses),
        servfail=servfail,
        lag=lag,
        attention=attention,
        reasons=reasons,
    )


def _attention(
    pop: PopSample,
    answering: Iterable[EdgeSample],
    ready: int,
    lag: float | None,
    servfail: float | None,
    total: EdgeSample,
) -> tuple[int, tuple[str, ...]]:
    """How much attention a Pop needs, and why."""
    reasons = list(pop.told)
    silent = sorted(name for name, edge in pop.edges.items() if edge is None)
    if silent:
        reasons.append(f"no page of {', '.join(silent)}")
    if ready < pop.desired:
        reasons.append(f"{pop.desired - ready} of {pop.desired} edges not ready")
    if any(not edge.connected for edge in answering):
        reasons.append("replica does not answer")
    if failing := max((edge.zones_failing for edge in answering), default=0):
        reasons.append(f"{failing} zones not loaded")
    if lag is not None and lag > LAG_SECONDS:
        reasons.append(f"{lag:.0f} s behind")
    if servfail is not None and servfail > SERVFAIL_SHARE:
        reasons.append(f"{servfail:.1%} SERVFAIL")
    slow, measured = quantile(0.99, total.durations), total.durations.get(math.inf, 0.0)
    if slow is not None and slow > LATENCY_SECONDS and measured > LATENCY_RATE:
        reasons.append(f"{slow * 1000:.0f} ms for a response")
    limited = _share(total.rate_limited, total.queries)
    if limited is not None and limited > LIMITED_SHARE and total.rate_limited > LIMITED_RATE:
        reasons.append(f"{limited:.0%} rate-limited")
    down = pop.desired > 0 and ready == 0
    return (DOWN if down else BAD if reasons else WELL), tuple(reasons)


def quantile(share: float, buckets: Mapping[float, float]) -> float | None:
    """The value below which a share of the observations of a histogram is; None without any.

    `buckets` counts what is at most each bound. Within a bucket values are taken as evenly spread,
    and what is above the last bound as that bound: as Prometheus does.
    """
    count = buckets.get(math.inf, 0.0)
    if count <= 0:
        return None
    rank, low, below = share * count, 0.0, 0.0
    for bound, cumulated in sorted(buckets.items()):
        if cumulated >= rank:
            if math.isinf(bound):
                return low
            return low + (bound - low) * (rank - below) / (cumulated - below)
        low, below = bound, cumulated
    return low


def _growth(before: EdgeSample, now: EdgeSample) -> EdgeSample:
    """What happened a second; an edge that began anew has counted from zero."""
    base = EdgeSample(before.at) if now.queries < before.queries else before
    seconds = now.at - before.at

    def rate(later: float, earlier: float) -> float:
        return max(0.0, later - earlier) / seconds

    return EdgeSample(
        now.at,
        queries=rate(now.queries, base.queries),
        responses=rate(now.responses, base.responses),
        servfail=rate(now.servfail, base.servfail),
        cache_hits=rate(now.cache_hits, base.cache_hits),
        cache_misses=rate(now.cache_misses, base.cache_misses),
        rate_limited=rate(now.rate_limited, base.rate_limited),
        durations={
            bound: rate(count, base.durations.get(bound, 0.0))
            for bound, count in now.durations.items()
        },
    )


def _sum(grown: Iterable[EdgeSample]) -> EdgeSample:
    """The rates of all edges of a Pop together."""
    total = EdgeSample(0.0)
    for each in grown:
        total.queries += each.queries
        total.responses += each.responses
        total.servfail += each.servfail
        total.cache_hits += each.cache_hits
        total.cache_misses += each.cache_misses
        total.rate_limited += each.rate_limited
        for bound, count in each.durations.items():
            total.durations[bound] = total.durations.get(bound, 0.0) + count
    return total


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
