"""What /metrics says of Pops."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dnsfleet.replication.telemetry import Sample
from prometheus_client.core import GaugeMetricFamily

from dnsfleet_operator.families import age, family

_LABELS = ("pop",)


class PopSample(NamedTuple):
    """One Pop."""

    ready: bool
    drained: bool
    connected: bool | None
    """Whether all its Ready edges were heard; None where none should be, or nobody can hear."""
    edges_ready: int
    edges_desired: int
    edges_unverified: int
    late_ms: int | None
    """When the oldest revision was published that it lacks, Unix time."""


def of_pops(pops: Sequence[tuple[str, PopSample]], now: float) -> Iterator[GaugeMetricFamily]:
    """The gauges of all Pops. `now` is Unix time in seconds."""
    yield family(
        "pop_ready",
        "1 when the Pop's condition Ready is True.",
        _LABELS,
        (((pop,), float(each.ready)) for pop, each in pops),
    )
    yield family(
        "pop_drained",
        "1 when the Pop is out of service as it was asked to be.",
        _LABELS,
        (((pop,), float(each.drained)) for pop, each in pops),
    )
    yield family(
        "pop_connected",
        "1 when the core was told something lately by each Ready edge of the Pop, 0 when by some "
        "it was not. No series for a Pop that is drained or has no Ready edge, and none of any "
        "Pop while the core is away and shortly after: then nobody knows.",
        _LABELS,
        (((pop,), float(each.connected)) for pop, each in pops if each.connected is not None),
    )
    yield family(
        "pop_edges_ready",
        "Edge pods that are Ready.",
        _LABELS,
        (((pop,), float(each.edges_ready)) for pop, each in pops),
    )
    yield family(
        "pop_edges_desired",
        "Edge pods that the Pop asks for.",
        _LABELS,
        (((pop,), float(each.edges_desired)) for pop, each in pops),
    )
    yield family(
        "pop_edges_unverified",
        "Edge pods that are heard and have not proved for a minute that they were told what was "
        "published.",
        _LABELS,
        (((pop,), float(each.edges_unverified)) for pop, each in pops),
    )
    yield family(
        "pop_lag_seconds",
        "Age of the oldest publication that some Ready edge has not acknowledged; 0 when none.",
        _LABELS,
        (((pop,), age(each.late_ms, now)) for pop, each in pops),
    )


def of_traffic(samples: Mapping[str, Sample]) -> Iterator[GaugeMetricFamily]:
    """How much each Pop answers, as far as that was heard lately."""
    told = "No series where nothing was heard for a minute."
    yield family(
        "pop_queries_per_second",
        f"Queries that the edges of the Pop got in the last seconds. {told}",
        _LABELS,
        (((pop,), each.queries) for pop, each in samples.items()),
    )
    yield family(
        "pop_servfail_ratio",
        f"The share of these queries that was answered with SERVFAIL. {told}",
        _LABELS,
        (((pop,), each.servfail) for pop, each in samples.items()),
    )
    yield family(
        "pop_edge_memory_bytes",
        f"Memory of all edges of the Pop together. {told}",
        _LABELS,
        (((pop,), float(each.memory)) for pop, each in samples.items()),
    )


def of_certificates(ends: Mapping[str, float]) -> GaugeMetricFamily:
    """When the certificate ends that was made last for each Pop of another cluster."""
    return family(
        "pop_certificate_expiry_timestamp_seconds",
        "When the certificate ends that was made last for a Pop of another cluster; which one the "
        "Pop shows, its tunnel says. No series for other Pops.",
        _LABELS,
        (((pop,), end) for pop, end in ends.items()),
    )
