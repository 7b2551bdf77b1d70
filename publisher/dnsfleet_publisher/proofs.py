"""One look at everything, to prove that the increments were right.

The assembler finds by indexes what a change can reach. A fault in them would leave a zone as it was
and say nothing. So now and then the rules are applied to all documents at once, written as plainly
as they can be, and every zone is compared with what the increments made of it. It goes on in parts,
and changes come between them: an origin that was marked since the look began is left out, for what
is known of it is newer than the look.
"""

from collections.abc import Iterator

from dnsfleet import resources
from dnsfleet.resources import RecordSet, Reference
from dnsfleet.zones import ownership

from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.dependencies import labels_of

PART = 200
"""Objects that are looked at without a stop: a few milliseconds."""


def differences(assembler: Assembler) -> Iterator[str | None]:
    """The origins whose zone is not what one look at everything gives; None between two parts."""
    assembler.marks.heard = set(assembler.marks)
    zones, labels = list(assembler.owners), dict(assembler.labels)
    record_sets, retained = list(assembler.record_sets), frozenset(assembler.retained)
    by_zone: dict[Reference, list[RecordSet]] = {}
    for number, record_set in enumerate(record_sets):
        by_zone.setdefault(record_set.zone_reference, []).append(record_set)
        if number % PART == 0:
            yield None
    owned = set()
    classes, registered = assembler.owners.classes, dict(assembler.owners.registered)
    judged = ownership.judged(zones, labels, classes, registered)
    for number, (zone, refusal) in enumerate(judged):
        if refusal is None:
            owned.add(zone.origin)
        if zone.origin not in assembler.marks.heard:
            right = assembler.owners.refusal(zone.reference) == refusal
            if right and refusal is None:
                own = by_zone.get(zone.reference, [])
                right = _is_built_from(assembler, zone, own, labels_of(own, zone, labels), retained)
            if not right:
                yield zone.origin
        if number % PART == 0:
            yield None
    for catalog in assembler.catalogs.differences():
        if catalog is None or catalog not in assembler.marks.heard:
            yield catalog
    yield from (
        origin
        for origin in list(assembler.zones)
        if origin not in owned and origin not in assembler.marks.heard
    )


def _is_built_from(
    assembler: Assembler,
    zone: resources.Zone,
    record_sets: list[RecordSet],
    labels: object,
    retained: frozenset[Reference],
) -> bool:
    """Whether the zone of an origin is the one of these objects."""
    if not assembler.owners.owns(zone.reference):
        return False
    built, inputs = assembler.zones.get(zone.origin), assembler.inputs(zone.reference)
    if not assembler.is_there(zone.reference):
        return built is None
    if built is None or inputs is None:
        return False
    found = {item.reference: item for item in inputs.record_sets}
    return (
        inputs.resource is zone
        and inputs.zone_class is assembler.owners.classes.of(zone, assembler.labels)
        and found.keys() == {item.reference for item in record_sets}
        and all(found[item.reference] is item for item in record_sets)
        and inputs.labels == labels
        and inputs.retained == found.keys() & retained
    )
