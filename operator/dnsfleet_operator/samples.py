"""What /metrics says of the fleet: kept where its state changes, aged when it is scraped."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from dnsfleet.replication.telemetry import Sample
from dnsfleet_publisher.transferring.standings import Standing
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dnsfleet_operator import pop_samples, zone_samples
from dnsfleet_operator.families import family
from dnsfleet_operator.pop_samples import PopSample
from dnsfleet_operator.zone_samples import CatalogSample, ZoneName, ZoneSample


class Held(NamedTuple):
    """What waits for an approval, as of one moment: alerts subtract one from the other."""

    objects: int
    """Zones and Pops."""
    removals: int
    """Those of them that are zones that are to leave, since they are too many."""


class FleetSamples(Collector):
    """The samples of all Zones and Pops. One thread changes them, any thread may scrape."""

    def __init__(self) -> None:
        self.zones: dict[ZoneName, ZoneSample] = {}
        self.pops: dict[str, PopSample] = {}
        self.traffic: dict[str, Sample] = {}
        """How much each Pop answers, as far as that was heard lately."""
        self.signature_ends: dict[str, int] = {}
        """When the first signature of each signed zone ends, Unix time in seconds, by origin."""
        self.transfers: Callable[[], list[tuple[str, Standing]]] = list
        """Gives how the fleet stands with the primaries of transferred zones, by origin."""
        self.catalogs: dict[str, CatalogSample] = {}
        """What became of the members of each catalog of primaries, by origin."""
        self.orphans = 0
        self.first_removal: float | None = None
        """When the first orphan may be removed, Unix time in seconds; None where none will be."""
        self.certificate_ends: dict[str, float] = {}
        """When the certificate ends that was made last for a Pop of another cluster, Unix time."""
        self.held: Held | None = None
        """None where not all zones were looked at."""

    def clear(self) -> None:
        """Say nothing more: another replica does."""
        self.zones.clear()
        self.pops.clear()
        self.traffic = {}
        self.signature_ends.clear()
        self.certificate_ends = {}
        self.catalogs.clear()
        self.orphans = 0
        self.first_removal = None
        self.held = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The samples as of now."""
        now = time.time()
        yield from zone_samples.of_zones(list(self.zones.items()), now)
        yield zone_samples.of_signatures(self.signature_ends)
        yield from zone_samples.of_transfers(self.transfers())
        yield zone_samples.of_catalogs(list(self.catalogs.items()))
        yield from pop_samples.of_pops(list(self.pops.items()), now)
        yield from pop_samples.of_traffic(self.traffic)
        yield pop_samples.of_certificates(self.certificate_ends)
        yield _of_one(
            "orphans",
            "Zones that are published and have no Zone object; counted after each complete list, "
            "every five minutes.",
            self.orphans,
        )
        yield _of_one(
            "orphan_removal_timestamp_seconds",
            "When the first of the orphans may be removed. No series while none will be.",
            self.first_removal,
        )
        held = self.held
        yield _of_one(
            "removals_held",
            "Zones that are to leave the fleet and wait for an approval, because they are too "
            "many.",
            0 if held is None else held.removals,
        )
        yield _of_one(
            "zones_held",
            "Zones and Pops whose change is held as unsafe and waits for an approval, those of "
            "dnsfleet_removals_held too; `kubectl dnsfleet held` lists them. No series until all "
            "zones were looked at.",
            None if held is None else held.objects,
        )


def _of_one(name: str, text: str, value: float | None) -> GaugeMetricFamily:
    return family(name, text, (), [] if value is None else [((), float(value))])
