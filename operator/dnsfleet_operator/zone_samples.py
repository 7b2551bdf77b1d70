"""What /metrics says of Zones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dnsfleet_publisher.transferring.standings import Standing
from prometheus_client.core import GaugeMetricFamily

from dnsfleet_operator.families import age, family

ZoneName = tuple[str, str, str]
"""Namespace, name and origin."""
_LABELS = ("namespace", "name", "zone")


class ZoneSample(NamedTuple):
    """One Zone object."""

    accepted: bool
    propagated: bool
    """Its conditions."""
    published_ms: int | None
    """When the revision was published that is not answered everywhere yet, Unix time."""
    late: tuple[str, ...]
    """The Pops, five at most, that do not answer it."""
    members_synced: bool | None = None
    """The condition MembersSynced of a catalog of primaries; None for other zones."""


class CatalogSample(NamedTuple):
    """How many members a catalog of primaries has."""

    synced: int
    """Those that have their Zone as it is to be."""
    refused: int
    waiting: int


def of_zones(
    zones: Sequence[tuple[ZoneName, ZoneSample]], now: float
) -> Iterator[GaugeMetricFamily]:
    """The gauges of all Zones. `now` is Unix time in seconds."""
    yield family(
        "zone_accepted",
        "1 when the Zone's condition Accepted is True.",
        _LABELS,
        ((labels, float(each.accepted)) for labels, each in zones),
    )
    yield family(
        "zone_propagated",
        "1 when the Zone's condition Propagated is True.",
        _LABELS,
        ((labels, float(each.propagated)) for labels, each in zones),
    )
    yield family(
        "zone_unpropagated_seconds",
        "How long the newest revision has not been answered everywhere; 0 when it is.",
        _LABELS,
        ((labels, age(each.published_ms, now)) for labels, each in zones),
    )
    yield family(
        "zone_pop_current",
        "0 for the Pops, five at most, that do not answer the newest revision of the zone. No "
        "series for Pops that do.",
        ("zone", "pop"),
        (((labels[2], pop), 0.0) for labels, each in zones for pop in each.late),
    )
    yield family(
        "zone_members_synced",
        "1 when the condition MembersSynced of a catalog of primaries is True: it is not broken, "
        "and each zone that it lists has its Zone. No series for other zones.",
        _LABELS,
        (
            (labels, float(each.members_synced))
            for labels, each in zones
            if each.members_synced is not None
        ),
    )


def of_signatures(ends: Mapping[str, int]) -> GaugeMetricFamily:
    """When the first signature of each signed zone ends, Unix time in seconds, by origin.

    It is of what is published and names no object: the signatures of an orphan end too.
    """
    return family(
        "zone_signature_expiry_timestamp_seconds",
        "When the first signature of a signed zone ends. No series for other zones.",
        ("zone",),
        (((origin,), float(at)) for origin, at in list(ends.items())),
    )


def of_transfers(standings: Sequence[tuple[str, Standing]]) -> Iterator[GaugeMetricFamily]:
    """How the fleet stands with the primaries of each transferred zone, by origin."""
    yield family(
        "zone_refreshed",
        "1 when the condition Refreshed of a transferred zone is True: a primary says that it is "
        "the newest. No series for other zones, as for the next two.",
        ("zone",),
        (((origin,), float(each.reason == "Current")) for origin, each in standings),
    )
    yield family(
        "zone_refresh_timestamp_seconds",
        "When a primary last said so. No series where none has since this replica leads.",
        ("zone",),
        (((o,), each.refreshed) for o, each in standings if each.refreshed is not None),
    )
    yield family(
        "zone_expiry_timestamp_seconds",
        "When the zone expires by the expire of its SOA, or has expired, unless a primary answers "
        "before. It is served all the same.",
        ("zone",),
        (((o,), each.expires) for o, each in standings if each.expires is not None),
    )


def of_catalogs(catalogs: Sequence[tuple[str, CatalogSample]]) -> GaugeMetricFamily:
    """The members of each catalog of primaries, by its origin."""
    return family(
        "catalog_members",
        "Zones that a catalog of primaries lists, by what became of them: synced where the Zone of "
        "it is as it is to be, refused where there is none or it could not be written, waiting "
        "where that is not done yet. No series for catalogs that the fleet makes.",
        ("zone", "state"),
        (
            ((origin, state), float(getattr(each, state)))
            for origin, each in catalogs
            for state in CatalogSample._fields
        ),
    )
