"""What a fleet says of itself once every Pop is ready: a row for each, and a query to try."""

from collections.abc import Iterable, Mapping

from dnsfleet.manifests import Manifest
from dnsfleet.resources import Zone

from dnsfleet_cli.up import events
from dnsfleet_cli.up.pops import RunningPop


def rows(
    pops: Iterable[RunningPop], manifests: Iterable[Manifest], ready: bool
) -> tuple[events.PopRow, ...]:
    """A row for each Pop."""
    published = list(manifests)
    found = []
    for pop in pops:
        own = [manifest.revision for manifest in published if manifest.assigned(pop.name)]
        revision = str(max(own)) if own else "-"
        found.append(events.PopRow(pop.name, pop.addresses, len(own), revision, ready))
    return tuple(found)


def dig(zones: Iterable[Zone], pops: Mapping[str, RunningPop]) -> str:
    """A query that the first Pop answers: an address where a manifest lists one, or a SOA."""
    port = next(iter(pops.values())).port
    command = f"dig @127.0.0.1 -p {port}"
    origins = []
    for zone in zones:
        origins.append(zone.origin)
        for record in zone.spec.records or ():
            if record.type in ("A", "AAAA") and "*" not in record.name:
                return f"{command} {record.key(zone.origin)[0]} {record.type}"
    return f"{command} {origins[0]} SOA" if origins else f"{command} . SOA"
