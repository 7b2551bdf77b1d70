"""What is shown once every Pop is ready: a row for each, and a query to try."""

from collections.abc import Iterable, Sequence

from dnsfleet.replication.manifests import Manifest
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


def dig(zones: Sequence[Zone], pops: Iterable[RunningPop]) -> str:
    """A query that the first Pop answers: an address that a Zone lists, of www if there is one."""
    found = [
        (record.name != "www", f"{record.key(zone.origin)[0].removesuffix('.')} {record.type}")
        for zone in zones
        for record in zone.spec.records or ()
        if record.type in ("A", "AAAA") and "*" not in record.name
    ]
    found += [(True, f"{zone.origin} SOA") for zone in zones]
    question = min(found, key=lambda pair: pair[0])[1] if found else ". SOA"
    return f"dig @127.0.0.1 -p {next(iter(pops)).port} {question}"
