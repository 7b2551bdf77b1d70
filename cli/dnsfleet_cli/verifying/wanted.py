"""What objects ask for: the zones of good documents, and the Pops that are to answer."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from dnsfleet.resources import Pop, Reference
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation, errors
from dnsfleet.zones.plans import APPROVE_ANNOTATION
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.placement import placement
from dnsfleet_publisher.zone_sources import Outside

from dnsfleet_cli.verifying.looks import Wanted


class Resources(NamedTuple):
    """What all objects ask for."""

    zones: Mapping[str, Wanted]
    """By origin."""
    pops: frozenset[str]
    """Those that are Active."""
    refused: Sequence[str]
    """Objects that cannot be read: where, and why."""
    remote: frozenset[str] = frozenset()
    """Those of the Pops that another cluster runs, so that nothing of them can be asked."""


def read(
    documents: Sequence[Document],
    refused: Iterable[Violation],
    outside: Outside,
    unknown: Set[Reference] = frozenset(),
) -> Resources:
    """The zones that a writer would make of these documents if it began with them.

    `unknown` are Zones whose zone file turned out to be one that only the writer can read, once
    `outside` was asked for it. What a catalog lists only the writer knows, too.
    """
    assembler = Assembler(outside)
    assembler.replace(documents)
    assembler.assemble()
    pops = [each.resource for each in documents if isinstance(each.resource, Pop)]
    zones = {}
    for origin, built in assembler.zones.items():
        found = errors(built.violations)
        placed = placement(built.resource, pops)
        if built.resource.reference in unknown or built.resource.is_catalog:
            zones[origin] = Wanted(None, placed)
            continue
        approve = built.resource.metadata.annotations.get(APPROVE_ANNOTATION)
        zones[origin] = Wanted(built.zone, placed, str(found[0]) if found else "", approve)
    active = frozenset(pop.metadata.name for pop in pops if not pop.drain_asked_by)
    return Resources(zones, active, [str(each) for each in errors(refused)])
