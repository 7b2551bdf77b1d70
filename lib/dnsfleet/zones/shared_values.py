"""Whose each value of a shared RRset is.

Values are compared as a zone has them, so that two spellings of one value are one value.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dnsfleet_engine import ZoneBuilder

from dnsfleet.resources import RecordSet, Reference, Zone
from dnsfleet.zones.sharing import RRsetKey, lowest_ttls, shareable


class Shared(NamedTuple):
    """An RRset to which several RecordSets add."""

    name: str
    rtype: str
    values: tuple[tuple[str, tuple[Reference, ...]], ...]
    """Each value as the zone has it, sorted, and whose it is, the oldest first."""


def shared(zone: Zone, record_sets: Sequence[RecordSet]) -> tuple[Shared, ...]:
    """The RRsets to which several of these RecordSets, the oldest first, add; sorted."""
    several = lowest_ttls(zone, record_sets).keys()
    found: dict[RRsetKey, dict[str, dict[Reference, None]]] = {key: {} for key in several}
    for record_set in record_sets if several else ():
        for key, record in shareable(zone, record_set):
            if key in found:
                for value in values(zone.origin, record.name, record.type, record.data):
                    found[key].setdefault(value, {})[record_set.reference] = None
    return tuple(
        Shared(*key, tuple((value, tuple(owners)) for value, owners in sorted(whose.items())))
        for key, whose in sorted(found.items())
    )


def values(origin: str, name: str, rtype: str, data: Iterable[str]) -> list[str]:
    """The data of an RRset as a zone has it; empty where it is wrong."""
    builder = ZoneBuilder(origin)
    builder.add_record("@", "SOA", 0, ". . 0 0 0 0 0", "")
    builder.add_record("@", "NS", 0, "ns.invalid.", "")
    for text in data:
        builder.add_record(name, rtype, 0, text, "")
    zone, _ = builder.finish()
    found = None if zone is None else zone.get(name, rtype)
    return [] if found is None else found[1]
