"""What /metrics says of Zones and Pops: kept where their state changes, aged when it is scraped."""

import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dnsfleet.replication.telemetry import Sample
from dnsfleet.zones.removals import Hold
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_ZONE_LABELS = ("namespace", "name", "zone")


class ZoneSample(NamedTuple):
    """One Zone object."""

    accepted: bool
    propagated: bool
    """Its conditions."""
    published_ms: int | None
    """When the revision was published that is not answered everywhere yet, Unix time."""
    late: tuple[str, ...]
    """The Pops, five at most, that do not answer it."""


class PopSample(NamedTuple):
    """One Pop."""

    ready: bool
    drained: bool
    edges_ready: int
    edges_desired: int
    edges_unverified: int
    late_ms: int | None
    """When the oldest revision was published that it lacks, Unix time."""


class FleetSamples(Collector):
    """The samples of all Zones and Pops. One thread changes them, any thread may scrape."""

    def __init__(self) -> None:
        self.zones: dict[tuple[str, str, str], ZoneSample] = {}
        """By namespace, name and origin."""
        self.pops: dict[str, PopSample] = {}
        self.traffic: dict[str, Sample] = {}
        """How much each Pop answers, as far as that was heard lately."""
        self.signature_ends: dict[str, int] = {}
        """When the first signature of each signed zone ends, Unix time in seconds, by origin."""
        self.first_removal: float | None = None
        """When the first orphan may be removed, Unix time in seconds; None where none will be."""
        self.certificate_ends: dict[str, float] = {}
        """When the certificate ends that was made last for a Pop of another cluster, Unix time."""
        self.held_removal: Hold | None = None
        """The zones that are to leave and wait for an approval."""

    def clear(self) -> None:
        """Say nothing more: another replica does."""
        self.zones.clear()
        self.pops.clear()
        self.traffic = {}
        self.signature_ends.clear()
        self.certificate_ends = {}
        self.first_removal = None
        self.held_removal = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The samples as of now."""
        zones, pops, now = list(self.zones.items()), list(self.pops.items()), time.time()
        yield _family(
            "zone_accepted",
            "1 when the Zone's condition Accepted is True.",
            _ZONE_LABELS,
            [(labels, float(each.accepted)) for labels, each in zones],
        )
        yield _family(
            "zone_propagated",
            "1 when the Zone's condition Propagated is True.",
            _ZONE_LABELS,
            [(labels, float(each.propagated)) for labels, each in zones],
        )
        yield _family(
            "zone_unpropagated_seconds",
            "How long the newest revision has not been answered everywhere; 0 when it is.",
            _ZONE_LABELS,
            [(labels, _age(each.published_ms, now)) for labels, each in zones],
        )
        yield _family(
            "zone_pop_current",
            "0 for the Pops, five at most, that do not answer the newest revision of the zone.",
            ("zone", "pop"),
            [((labels[2], pop), 0.0) for labels, each in zones for pop in each.late],
        )
        # One series for each signed zone, where every Zone has three, and none for other zones. It
        # is of what is published and names no object: the signatures of an orphan end too.
        yield _family(
            "zone_signature_expiry_timestamp_seconds",
            "When the first signature of a signed zone ends.",
            ("zone",),
            [((origin,), float(at)) for origin, at in list(self.signature_ends.items())],
        )
        due = self.first_removal
        yield _family(
            "orphan_removal_timestamp_seconds",
            "When the first published zone without a Zone object may be removed.",
            (),
            [] if due is None else [((), due)],
        )
        hold = self.held_removal
        yield _family(
            "removals_held",
            "Zones that are to leave the fleet and wait for an approval.",
            (),
            [((), 0.0 if hold is None else float(len(hold.origins)))],
        )
        yield _family(
            "pop_certificate_expiry_timestamp_seconds",
            "When the newest certificate of a Pop in another cluster ends.",
            ("pop",),
            [((pop,), end) for pop, end in self.certificate_ends.items()],
        )
        yield from _of_pops(pops, now)
        yield from _of_traffic(self.traffic)


def _of_pops(pops: list[tuple[str, PopSample]], now: float) -> Iterator[GaugeMetricFamily]:
    yield _family(
        "pop_ready",
        "1 when the Pop's condition Ready is True.",
        ("pop",),
        [((pop,), float(each.ready)) for pop, each in pops],
    )
    yield _family(
        "pop_drained",
        "1 when it is out of service as it was asked to be.",
        ("pop",),
        [((pop,), float(each.drained)) for pop, each in pops],
    )
    yield _family(
        "pop_edges_ready",
        "Edge pods that are Ready.",
        ("pop",),
        [((pop,), float(each.edges_ready)) for pop, each in pops],
    )
    yield _family(
        "pop_edges_desired",
        "Edge pods that the Pop asks for.",
        ("pop",),
        [((pop,), float(each.edges_desired)) for pop, each in pops],
    )
    yield _family(
        "pop_edges_unverified",
        "Edge pods that are heard and have proved nothing for a minute.",
        ("pop",),
        [((pop,), float(each.edges_unverified)) for pop, each in pops],
    )
    yield _family(
        "pop_lag_seconds",
        "Age of the oldest publication that some Ready edge has not acknowledged.",
        ("pop",),
        [((pop,), _age(each.late_ms, now)) for pop, each in pops],
    )


def _of_traffic(samples: Mapping[str, Sample]) -> Iterator[GaugeMetricFamily]:
    yield _family(
        "pop_queries_per_second",
        "Queries that the edges of the Pop got lately.",
        ("pop",),
        [((pop,), each.queries) for pop, each in samples.items()],
    )
    yield _family(
        "pop_servfail_ratio",
        "The share of these that was answered with SERVFAIL.",
        ("pop",),
        [((pop,), each.servfail) for pop, each in samples.items()],
    )
    yield _family(
        "pop_edge_memory_bytes",
        "Memory of all edges of the Pop together.",
        ("pop",),
        [((pop,), float(each.memory)) for pop, each in samples.items()],
    )


def _family(
    name: str,
    text: str,
    labels: tuple[str, ...],
    samples: list[tuple[tuple[str, ...], float]],
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"dnsfleet_{name}", text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _age(since_ms: int | None, now: float) -> float:
    return 0.0 if since_ms is None else max(0.0, now - since_ms / 1000)
