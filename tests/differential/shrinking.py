"""Reduces a difference to a small case: a place of the few records that matter."""

from collections import Counter
from collections.abc import Iterator

from support import comparisons, exchanges
from support.comparisons import describe

from differential.runs import Found, label, moved, number_of, serving
from differential.zones import Place

# Places that are tried at once.
TRIED = 100


def shrink(found: Found) -> Found:
    """Leave out records as long as the same server still answers differently.

    All smaller places of a round are served at once, each below a label of its own.
    """
    while smaller := _first_with_it(list(_smaller(found.place))[:TRIED], found):
        found = smaller
    return found


def _first_with_it(places: list[Place], found: Found) -> Found | None:
    queries = [moved(found.fault.query, number) for number in range(len(places))]
    with serving(places) as (ours, others):
        faults = comparisons.compare(queries, ours, others, exchanges.over_udp, Counter())
    same = (fault for fault in faults if fault.server == found.fault.server)
    return next((Found(places[number_of(fault.query)], fault) for fault in same), None)


def _smaller(place: Place) -> Iterator[Place]:
    """The place without a zone, without half of a zone's records, then without one record."""
    if len(place) > 1:
        yield from ((zone,) for zone in place)
    for index, zone in enumerate(place):
        apex = [record for record in zone.records if record.owner == zone.origin]
        head = [record for record in apex if record.rtype in ("SOA", "NS")]
        servers = {record.data[0] for record in head}
        head += [record for record in zone.records if record.owner in servers]
        rest = [record for record in zone.records if record not in head]
        for size in (max(len(rest) // 2, 1), 1):
            for start in range(0, len(rest), size):
                kept = (*head, *rest[:start], *rest[start + size :])
                yield (*place[:index], zone._replace(records=kept), *place[index + 1 :])


def report(found: Found) -> str:
    """Zones, query and what all servers answer."""
    place, fault = found
    query = moved(fault.query, 0)
    with serving([place]) as (ours, others):
        replies = [
            describe(server, exchange(address, [query.to_wire(0)])[0])
            for server, address in {"ours": ours, **others}.items()
            for exchange in (exchanges.over_udp, exchanges.over_tcp)
        ]
    zones = [f"; {zone.signing or 'not signed'}\n{zone.to_text(label(0))}" for zone in place]
    return "\n".join([f"=== {fault.server} differs, {query}", *zones, *replies])
