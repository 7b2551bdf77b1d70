"""Claims: which RRsets of a published zone a RecordSet added, noted in the core beside the zones.

A published zone is a set of RRsets and does not tell who asked for which. Mostly nobody needs to
know, because the objects say it. But an operator that starts may find a RecordSet broken, or not
understood, or gone with its namespace or its CRD. What it served is then read from the published
zone, at the names and types of its claim, and served on.

Before a publication a claim covers what is served and what will be, after it what is served alone.
So wherever a writer dies, every RRset that came from a RecordSet has its claim. Where only data
changes, no claim does.

A RecordSet that takes the name of another object publishes nothing before that one's records went,
so until then the claim stays that of the other object, and covers what both have.

Where several RecordSets may share an RRset, a claim names the values too (see
`dnsfleet.zones.sharing`), so that nobody is given what others added. They are noted as the zone has
them; a later version may write them in another way, so they are read as any data before they are
compared.

Of a dynamic RecordSet a claim says since when each RRset is claimed, because its object may be gone
when that decides against others.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dnsfleet import rrtypes
from dnsfleet.resources import DynamicRecord, Metadata, Record, RecordSet, RecordSetSpec, Reference
from dnsfleet.resources import Zone as ZoneResource
from dnsfleet.resources.record_sets import ZoneReference
from dnsfleet.zones import shared_values, sharing
from dnsfleet_engine import Zone

from dnsfleet_publisher.measures import Measures
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreResetError

RRsetKey = tuple[str, str]
"""Owner name and type, each in normal spelling (`Record.key`)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one RecordSet added to one zone."""

    zone: Reference
    """The Zone that it referred to."""
    created: str
    """Its creationTimestamp: its age decides against other claims, and about its deletion."""
    rrsets: frozenset[RRsetKey]
    uid: str = ""
    """Of the RecordSet; empty in claims of an operator that did not note it."""
    values: Mapping[RRsetKey, frozenset[str]] = field(default_factory=dict)
    """What it added to RRsets that others may share; of all others it has all values."""
    since: Mapping[RRsetKey, str] = field(default_factory=dict)
    """Since when it claims each RRset, where it is dynamic."""
    gone: bool = False
    """Whether its object is not in the zone any more, and a hold alone keeps it there."""


Claims = Mapping[Reference, Claim]
"""By RecordSet."""


def of_zone(record_sets: Iterable[RecordSet], zone: ZoneResource) -> dict[Reference, Claim]:
    """The claims of all RecordSets that are in the zone of a Zone object.

    What is held may share RRsets although its Zone allows that no more.
    """
    found = {item.reference: item for item in record_sets}
    rrsets = {each: _keys(item, zone) for each, item in found.items()}
    counts = Counter(key for keys in rrsets.values() for key in keys)
    shared = frozenset(key for key, count in counts.items() if count > 1)
    return {each: _claim(item, zone, rrsets[each], shared) for each, item in found.items()}


def of_record_set(record_set: RecordSet, zone: ZoneResource) -> Claim:
    """The claim of a RecordSet that was admitted to the zone of a Zone object."""
    return _claim(record_set, zone, _keys(record_set, zone), frozenset())


def _claim(
    record_set: RecordSet,
    zone: ZoneResource,
    rrsets: frozenset[RRsetKey],
    shared: frozenset[RRsetKey],
) -> Claim:
    """The claim on these RRsets; what the Zone allows is shared, and what is in `shared`."""
    origin = zone.origin
    values: dict[RRsetKey, frozenset[str]] = {}
    records = [*sharing.shareable(zone, record_set)]
    if not shared.isdisjoint(rrsets):
        may = shared | {key for key, _ in records}
        every = ((each.key(origin), each) for each in record_set.spec.rrsets)
        records = [(key, each) for key, each in every if key in may]
    for key, record in records:
        found = shared_values.values(origin, *key, record.data)
        values[key] = values.get(key, frozenset()) | frozenset(found)
    return Claim(
        record_set.zone_reference,
        record_set.metadata.creation_timestamp,
        rrsets,
        record_set.metadata.uid,
        values,
        {each.key(origin): each.since for each in record_set.spec.dynamic_records or ()},
    )


def _keys(record_set: RecordSet, zone: ZoneResource) -> frozenset[RRsetKey]:
    return frozenset(record.key(zone.origin) for record in record_set.spec.rrsets)


def wider(claim: Claim, other: Claim) -> Claim:
    """What one of two claims of the same object covers."""
    both = claim.rrsets & other.rrsets
    values = {
        key: claim.values.get(key, frozenset()) | other.values.get(key, frozenset())
        for key in claim.values.keys() | other.values.keys()
        if key not in both or (key in claim.values and key in other.values)
    }
    since = {**other.since, **claim.since}
    return replace(claim, rrsets=claim.rrsets | other.rrsets, values=values, since=since)


def as_published(reference: Reference, claim: Claim, zone: Zone) -> RecordSet | None:
    """The RecordSet as a published zone has it; None where nothing of it is there.

    It is not validated again: it was, when it was published.
    """
    records: list[Record] = []
    for owner, rtype in sorted(claim.rrsets):
        if (found := zone.get(owner, rtype)) is not None:
            ttl, data = found
            if (noted := claim.values.get((owner, rtype))) is not None:
                own = shared_values.values(zone.origin, owner, rtype, noted)
                data = [each for each in data if each in own]
                if not data:
                    continue
            made: dict[str, Any] = {"name": owner, "type": rtype, "ttl": ttl, "data": tuple(data)}
            if claim.since:
                made["since"] = claim.since.get((owner, rtype), claim.created)
                records.append(DynamicRecord.model_construct(**made))
            else:
                records.append(Record.model_construct(**made))
    if not records:
        return None
    metadata = Metadata.model_construct(
        name=reference.name,
        namespace=reference.namespace,
        uid=claim.uid,
        creation_timestamp=claim.created,
    )
    zone_ref = ZoneReference(name=claim.zone.name, namespace=claim.zone.namespace)
    made = {"dynamic_records" if claim.since else "records": tuple(records)}
    spec = RecordSetSpec.model_construct(zone_ref=zone_ref, **made)
    return RecordSet.model_construct(metadata=metadata, spec=spec)


def is_of(claim: Claim, metadata: Metadata) -> bool:
    """Whether a claim is of the very object with this metadata."""
    if not claim.uid:  # noted by an operator that did not know uids
        return claim.created == metadata.creation_timestamp
    return claim.uid == metadata.uid


class Ledger:
    """The claims in the core, as far as one writer knows them: it reads them once."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._held: dict[str, dict[Reference, Claim]] = {}
        self._origins: dict[Reference, dict[str, None]] = {}
        self._fence = 0
        self.measures = Measures()

    def open(self) -> Iterator[None]:
        """Read what earlier writers noted, with a stop after each part.

        To be begun, and read to its end, once this writer has taken its fence.
        """
        for part in self._store.core.claims():
            found: dict[str, dict[Reference, Claim]] = {}
            for name, value in part.items():
                if self.measures.read(name, value):
                    continue
                origin, reference = _read_field(name)
                if (claim := decode(value)) is not None:
                    found.setdefault(origin, {})[reference] = claim
            for origin, own in found.items():
                self._hold(origin, {**self.of_zone(origin), **own})
            yield
        self._fence = self._store.fence

    def of_zone(self, origin: str) -> Claims:
        """All claims on one zone."""
        return self._held.get(origin, {})

    def has_notes(self, origin: str) -> bool:
        """Whether anything is noted of a zone."""
        return bool(self.of_zone(origin)) or self.measures.get(origin) is not None

    def of_record_set(self, reference: Reference) -> list[tuple[str, Claim]]:
        """Origins and claims of one RecordSet; last is that of the zone that it is in.

        One that moved has another claim where a hold keeps what it published.
        """
        found = [(each, self._held[each][reference]) for each in self._origins.get(reference, ())]
        return sorted(found, key=lambda each: not each[1].gone)

    def published(self, origin: str, record_set: RecordSet) -> RecordSet | None:
        """This very RecordSet as it was published in the zone of an origin."""
        claim, zone = self.of_zone(origin).get(record_set.reference), self._store.load(origin)
        if claim is None or zone is None or not is_of(claim, record_set.metadata):
            return None
        return as_published(record_set.reference, claim, zone)

    def record_sets(self) -> set[Reference]:
        """All RecordSets that have a claim."""
        return set(self._origins)

    def before(self, wanted: Mapping[str, Claims]) -> None:
        """Zones will be published with these claims."""
        more: dict[str, dict[Reference, Claim]] = {}
        for origin, claims in wanted.items():
            held = self.of_zone(origin)
            for reference, claim in claims.items():
                known = held.get(reference)
                both = claim
                if known is not None:
                    same = known.uid in ("", claim.uid)
                    both = wider(claim, known) if same else wider(known, claim)
                if known != both:
                    more.setdefault(origin, {})[reference] = both
        changes = {
            _field(origin, reference): encode(claim)
            for origin, claims in more.items()
            for reference, claim in claims.items()
        }
        try:
            self._store.note(self._store.core.note_claims, changes | self.measures.changes())
        except StoreResetError:
            return  # publishing finds that out too, and `after` then writes all of them again
        self.measures.written()
        for origin, claims in more.items():
            self._hold(origin, {**self.of_zone(origin), **claims})

    def after(self, settled: Mapping[str, Claims]) -> None:
        """Zones are published with these claims, and no other."""
        changes: dict[str, bytes | None] = {}
        for origin, claims in settled.items():
            held = self.of_zone(origin)
            changes |= {_field(origin, gone): None for gone in held.keys() - claims.keys()}
            for reference, claim in claims.items():
                if held.get(reference) != claim:
                    changes[_field(origin, reference)] = encode(claim)
        fence = self._store.fence
        if fence != self._fence:  # the core lost its data since
            for origin, claims in (self._held | dict(settled)).items():
                changes |= {_field(origin, each): encode(claims[each]) for each in claims}
            changes |= self.measures.all()
        changes |= self.measures.changes()
        self._store.note(self._store.core.note_claims, changes)
        self.measures.written()
        self._fence = fence
        for origin, claims in settled.items():
            self._hold(origin, claims)

    def _hold(self, origin: str, claims: Claims) -> None:
        """Know these as all claims on a zone."""
        before = self._held.pop(origin, {})
        for reference in before.keys() - claims.keys():
            del self._origins[reference][origin]
            if not self._origins[reference]:
                del self._origins[reference]
        for reference in claims.keys() - before.keys():
            self._origins.setdefault(reference, {})[origin] = None
        if claims:
            self._held[origin] = dict(claims)


def _field(origin: str, reference: Reference) -> str:
    return f"{origin} {reference.namespace}/{reference.name}"


def _read_field(field: str) -> tuple[str, Reference]:
    origin, _, name = field.rpartition(" ")
    namespace, _, name = name.partition("/")
    return origin, Reference("RecordSet", namespace, name)


def encode(claim: Claim) -> bytes:
    """A claim as the core notes it."""
    zone = [claim.zone.namespace, claim.zone.name]
    value: dict[str, object] = {
        "zone": zone,
        "uid": claim.uid,
        "created": claim.created,
        "rrsets": sorted(claim.rrsets),
    }
    if claim.values:
        value["values"] = [[*key, sorted(own)] for key, own in sorted(claim.values.items())]
    if claim.since:
        value["since"] = [claim.since.get(key, claim.created) for key in sorted(claim.rrsets)]
    if claim.gone:
        value["gone"] = True
    return json.dumps(value, separators=(",", ":")).encode()


def decode(value: bytes) -> Claim | None:
    """What `encode` gave; None for anything else, as a later version may note."""
    try:
        found = json.loads(value)
        namespace, name = found["zone"]
        rrsets = frozenset(
            (str(owner), rrtypes.to_text(number))
            for owner, rtype in found["rrsets"]
            if (number := rrtypes.number(str(rtype))) is not None
        )
        values = {
            (str(owner), rrtypes.to_text(number)): frozenset(map(str, own))
            for owner, rtype, own in found.get("values", ())
            if (number := rrtypes.number(str(rtype))) is not None
        }
        since = {
            (str(owner), rrtypes.to_text(number)): str(time)
            for (owner, rtype), time in zip(found["rrsets"], found.get("since", ()), strict=False)
            if (number := rrtypes.number(str(rtype))) is not None
        }
        zone = Reference("Zone", str(namespace), str(name))
        uid, gone = str(found.get("uid", "")), found.get("gone") is True
        return Claim(zone, str(found["created"]), rrsets, uid, values, since, gone)
    except (ValueError, KeyError, TypeError):
        return None
