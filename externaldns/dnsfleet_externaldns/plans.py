"""What to write for the changes that ExternalDNS asks for: decided without I/O.

    changes + RRsets that are held + Zones ──▶ RecordSets to apply, RecordSets to delete, refusals

Objects are applied before others are deleted, so a name that changes its type, or its Zone, is
never without records in between. The TXT that tells ExternalDNS the owner of a name comes before
its other records and goes after them: an instance that stops half-way still knows what is its own.

What is refused leaves what is held as it was. A new name and the TXT for it come together or not
at all: without the TXT ExternalDNS would never touch the name again, not even to delete it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from dnsfleet.resources import Reference
from dnsfleet.zones.sharing import RRsetKey

from dnsfleet_externaldns import admission, record_sets
from dnsfleet_externaldns.admission import EndpointId, Refusal
from dnsfleet_externaldns.endpoints import OWNED_RECORD, Changes, Endpoint
from dnsfleet_externaldns.record_sets import Held, Object, Part
from dnsfleet_externaldns.writable_zones import WritableZones

BATCH = 200
"""Names that are planned at once: a second of writes, so that a request never plans in vain."""


class Apply(NamedTuple):
    """A RecordSet to write."""

    body: Object
    uid: str
    """Of the object that is there; empty for a new one."""
    id: EndpointId
    """Of an endpoint that it is written for."""
    group: str
    """What it belongs with (see `admission.group`)."""


class Delete(NamedTuple):
    """A RecordSet to delete."""

    place: Reference
    uid: str
    id: EndpointId
    """Of an endpoint that it had."""
    group: str


class Refused(NamedTuple):
    """Why an endpoint is not written, and what it belongs with."""

    refusal: Refusal
    group: str


class Plan(NamedTuple):
    """All writes, in their order."""

    applies: list[Apply]
    deletes: list[Delete]
    refused: dict[EndpointId, Refused]


class _Row(NamedTuple):
    """One RRset that the changes are about."""

    key: RRsetKey
    group: str
    here: list[Held]
    """The objects that have it, the one to keep first."""
    kept: dict[str, Part]
    """The parts that stay, by set identifier."""
    new: dict[str, Part]
    """Those that come, or change."""

    def id(self, set_identifier: str) -> EndpointId:
        """Of the endpoint of a part."""
        return EndpointId(*self.key, set_identifier)


HeldByKey = Mapping[RRsetKey, Sequence[Held]]
"""The objects that have each RRset; mostly one."""


def by_key(held: Iterable[Held]) -> HeldByKey:
    """Objects by what they have."""
    found: dict[RRsetKey, list[Held]] = {}
    for each in held:
        found.setdefault(each.key, []).append(each)
    return found


def batches(changes: Changes) -> Iterator[Changes]:
    """The changes in parts of a bounded size; what belongs together is in one."""
    groups: dict[str, dict[str, list[Endpoint]]] = {}
    for field in Changes.model_fields:
        for endpoint in getattr(changes, field) or ():
            group = groups.setdefault(admission.group(endpoint), {})
            group.setdefault(field, []).append(endpoint)
    parts = list(groups.values())
    for start in range(0, len(parts), BATCH):
        batch: dict[str, list[Endpoint]] = {}
        for part in parts[start : start + BATCH]:
            for field, endpoints in part.items():
                batch.setdefault(field, []).extend(endpoints)
        yield Changes(**{field: tuple(found) for field, found in batch.items()})


def plan(instance: str, changes: Changes, held: HeldByKey, zones: WritableZones) -> Plan:
    """What to write for some changes."""
    wanted, refused = _judged(changes, held, zones)
    refused_groups = {each.group for each in refused.values()}
    gone = {
        found
        for found, endpoint in _identified(_old(changes))
        if found not in refused and admission.group(endpoint) not in refused_groups
    }
    new: dict[RRsetKey, dict[str, Part]] = {}
    for wish, part in wanted.items():
        new.setdefault(wish.key, {})[wish.set_identifier] = part
    everything = list(_identified(chain(_new(changes), _old(changes))))
    groups = {found.key: admission.group(endpoint) for found, endpoint in everything}
    made = Plan([], [], refused)
    for key in {each.key: None for each in (*gone, *wanted)}:
        here = sorted(held.get(key, ()), key=lambda each: not is_at_home(each, zones))
        kept = {
            name: part
            for found in reversed(here)
            for name, part in found.parts.items()
            if EndpointId(*key, name) not in gone
        }
        _plan_one(made, instance, _Row(key, groups[key], here, kept, new.get(key, {})), zones)
    owner_records = {found.key for found, endpoint in everything if OWNED_RECORD in endpoint.labels}
    made.applies.sort(key=lambda each: each.id.key not in owner_records)
    made.deletes.sort(key=lambda each: each.id.key in owner_records)
    return made


def is_at_home(held: Held, zones: WritableZones) -> bool:
    """Whether an RRset is in the Zone that its name belongs to; also where there is none now."""
    zone = zones.home(held.key[0], held.zone)
    return zone is None or zone.reference == held.zone


def _plan_one(made: Plan, instance: str, row: _Row, zones: WritableZones) -> None:
    """Add the writes for one RRset."""
    parts = row.kept | row.new
    zone = zones.home(row.key[0], row.here[0].zone if row.here else None)
    if len(parts) > 1 and row.new and zone is not None:
        refusal = admission.fits(row.key, parts, zone, zones)
        if refusal is not None:
            made.refused.update({row.id(each): Refused(refusal, row.group) for each in row.new})
            return
    there = None
    if parts:
        of = row.here[0].zone if zone is None else zone.reference
        body = record_sets.body(instance, row.key, parts, of)
        place = Reference("RecordSet", body["metadata"]["namespace"], body["metadata"]["name"])
        there = next((each for each in row.here if each.place == place), None)
        if there is None or not there.unchanged or (there.parts, there.zone) != (parts, of):
            uid = "" if there is None else there.uid
            made.applies.append(Apply(body, uid, row.id(next(iter(row.new or parts))), row.group))
    made.deletes.extend(
        Delete(each.place, each.uid, row.id(next(iter(each.parts))), row.group)
        for each in row.here
        if each is not there
    )


def _judged(
    changes: Changes, held: HeldByKey, zones: WritableZones
) -> tuple[dict[EndpointId, Part], dict[EndpointId, Refused]]:
    """The endpoints that are to be there, and those that may not."""
    wanted: dict[EndpointId, Part] = {}
    refused: dict[EndpointId, Refused] = {}
    groups: dict[EndpointId, str] = {}
    for endpoint in _new(changes):
        found, verdict = admission.judge(endpoint, zones)
        groups[found] = admission.group(endpoint)
        if isinstance(verdict, Refusal):
            refused[found] = Refused(verdict, groups[found])
        else:
            wanted[found] = verdict
    refused_groups = {each.group for each in refused.values()}
    for each in [each for each in wanted if groups[each] in refused_groups]:
        if any(each.set_identifier in it.parts for it in held.get(each.key, ())):
            continue
        del wanted[each]
        message = f"what comes together with it, for {groups[each]}, is refused"
        refused[each] = Refused(Refusal("NotWhole", message), groups[each])
    return wanted, refused


def _new(changes: Changes) -> Iterator[Endpoint]:
    return chain(changes.create or (), changes.update_new or ())


def _old(changes: Changes) -> Iterator[Endpoint]:
    return chain(changes.delete or (), changes.update_old or ())


def _identified(endpoints: Iterable[Endpoint]) -> Iterator[tuple[EndpointId, Endpoint]]:
    for endpoint in endpoints:
        found = admission.identify(endpoint)
        if isinstance(found, EndpointId):
            yield found, endpoint
