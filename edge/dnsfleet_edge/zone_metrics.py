"""Series of each zone that an edge answers from, as long as they are few.

A hundred edges with ten thousand zones each would make three million series, which no Prometheus
should have to keep: the operator tells of each zone once for the whole fleet. So an edge leaves its
own series out above MAX_ZONES zones, all of them: some would look like all. Who wants them anyway
says so in the Pop (`zoneSeries: Always`).
"""

from collections.abc import Iterator, Mapping

from dnsfleet.replication.manifests import Manifest
from dnsfleet_following.status import Status
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

MAX_ZONES = 1000
"""Zones of which there are series unless asked for: a page of 200 kB, and for 60 edges as many
series as one small Prometheus keeps."""


class ZoneCollector(Collector):
    """The zones of `status`; with `always` however many there are."""

    def __init__(self, status: Status, always: bool) -> None:
        self._status = status
        self._always = always

    def collect(self) -> Iterator[Metric]:
        zones = self._status.zones()
        shown = self._always or len(zones) <= MAX_ZONES
        yield GaugeMetricFamily(
            "dnsfleet_edge_zones", "Zones that are answered from.", value=float(len(zones))
        )
        yield GaugeMetricFamily(
            "dnsfleet_edge_zone_series",
            f"1 while there are series for each zone, 0 above the limit of {MAX_ZONES} zones.",
            value=float(shown),
        )
        if shown:
            yield from _gauges(zones)


def _gauges(zones: Mapping[str, Manifest]) -> Iterator[Metric]:
    serial = GaugeMetricFamily(
        "dnsfleet_edge_zone_serial", "The SOA serial that is answered.", labels=["zone"]
    )
    epoch = GaugeMetricFamily(
        "dnsfleet_edge_zone_revision_epoch",
        "The epoch of the revision that is answered from.",
        labels=["zone"],
    )
    sequence = GaugeMetricFamily(
        "dnsfleet_edge_zone_revision_sequence",
        "The sequence number, within its epoch, of the revision that is answered from.",
        labels=["zone"],
    )
    for origin, manifest in sorted(zones.items()):
        serial.add_metric([origin], manifest.serial)
        epoch.add_metric([origin], manifest.revision.epoch)
        sequence.add_metric([origin], manifest.revision.seq)
    yield from (serial, epoch, sequence)
