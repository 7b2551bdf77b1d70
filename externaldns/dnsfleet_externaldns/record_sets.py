"""The RecordSet of one RRset: how endpoints are written into it, and read out of it again.

The RRset is what `spec.records` says, so a change by hand is seen and undone. An endpoint has more
than that where it has a set identifier or settings for a provider. RRsets of several such
endpoints, as with weighted or regional answers, have the targets of all of them until the fleet
can choose; which target is of which set stays in an annotation, word for word.

The name of the object tells which RRset it is for: it ends in a digest of instance, owner name and
type. An object with the labels of an instance whose name does not fit its records is left alone,
and so are records that somebody else added to one.

Whoever may write RecordSets can write anything into one of an instance. What is read there is
checked like any input: an answer with something that ExternalDNS cannot read would end its process,
and with it the work for all other names.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from dnsfleet import names, rrtypes
from dnsfleet.resources import API_VERSION, MAX_TTL, Reference
from dnsfleet.resources.base import Tolerant
from dnsfleet.zones.sharing import RRsetKey
from pydantic import Field, TypeAdapter

from dnsfleet_externaldns import targets

Object = dict[str, Any]

MANAGER = "dnsfleet-externaldns"
"""The field manager, and the value of the label that tells who manages an object."""
MANAGED_BY = "app.kubernetes.io/managed-by"
INSTANCE = "dnsfleet.io/externaldns-instance"
SETS = "dnsfleet.io/externaldns-sets"
"""Annotation with the parts of an RRset, where the RRset alone does not tell them."""
ONE_TARGET = frozenset({"CNAME", "DNAME"})
"""Types with one rdata in an RRset (RFC 2181 section 10.1, RFC 6672 section 2.4)."""
MAX_SLUG = 120
"""Characters of an owner name in an object's name: enough to know it again. The digest decides."""
_DIGEST = 12
"""Digits of the digest, 48 bits: it tells apart what the readable part does not."""


class Part(NamedTuple):
    """What one endpoint adds to an RRset."""

    targets: tuple[str, ...]
    """In canonical form, sorted."""
    ttl: int = 0
    """Seconds; 0 where nobody asked for one."""
    properties: Mapping[str, str] = MappingProxyType({})
    """Settings for a provider."""


Parts = Mapping[str, Part]
"""The parts of an RRset by set identifier; "" for an endpoint without one."""


class _Note(Tolerant):
    """A part in the annotation."""

    set_identifier: str
    targets: list[str]
    ttl: Annotated[int, Field(ge=0, le=MAX_TTL)]
    provider_specific: dict[str, str]


_NOTES = TypeAdapter(list[_Note])


class Held(NamedTuple):
    """An RRset that an instance has, as its RecordSet says it."""

    key: RRsetKey
    parts: Parts
    place: Reference
    """The RecordSet."""
    zone: Reference
    uid: str
    unchanged: bool
    """Whether the object is as it was written: nobody changed what is ours of it."""
    problem: str
    """Why the operator does not take the RecordSet; empty where it does, or did not look yet."""


def name(instance: str, key: RRsetKey) -> str:
    """The name of the object for an RRset: readable, and another one for each RRset."""
    owner, rtype = key
    text = re.sub(r"[^a-z0-9]+", "-", owner.lower().replace("*", "wildcard"))[:MAX_SLUG].strip("-")
    digest = hashlib.sha256("\0".join((instance, owner, rtype)).encode()).hexdigest()[:_DIGEST]
    return "-".join(filter(None, (instance, text, rtype.lower(), digest)))


def labels(instance: str) -> dict[str, str]:
    """The labels of all objects of an instance."""
    return {MANAGED_BY: MANAGER, INSTANCE: instance}


def body(instance: str, key: RRsetKey, parts: Parts, zone: Reference) -> Object:
    """The object for an RRset of a Zone, as server-side apply takes it."""
    metadata: Object = {
        "name": name(instance, key),
        "namespace": zone.namespace,
        "labels": labels(instance),
    }
    if notes := _notes(parts):
        metadata["annotations"] = {SETS: notes}
    return {
        "apiVersion": API_VERSION,
        "kind": "RecordSet",
        "metadata": metadata,
        "spec": {"zoneRef": {"name": zone.name}, "records": [_record(key, parts)]},
    }


def read(instance: str, item: Object) -> Held | None:
    """The RRset of an object with the labels of an instance; None where it has none of ours."""
    metadata, spec = item["metadata"], item["spec"]
    found = next(
        (each for each in spec.get("records") or () if _names(instance, metadata, each)), None
    )
    if found is None or metadata.get("deletionTimestamp"):
        return None
    key = _key(found)
    place = Reference("RecordSet", metadata["namespace"], metadata["name"])
    zone = spec["zoneRef"]
    parts = _read_notes(metadata) or {"": _part(key, found)}
    held = Held(
        key,
        parts,
        place,
        Reference("Zone", zone.get("namespace") or place.namespace, zone["name"]),
        metadata["uid"],
        unchanged=False,
        problem=_problem(item),
    )
    return held._replace(unchanged=_is(item, found, body(instance, key, parts, held.zone)))


def _record(key: RRsetKey, parts: Parts) -> Object:
    owner, rtype = key
    ttls = [part.ttl for part in parts.values() if part.ttl]
    found = [parts[each].targets for each in sorted(parts)]
    if rtype in ONE_TARGET:
        found = found[:1]  # the others wait until the fleet can choose
    data = sorted({targets.to_rdata(rtype, each) for part in found for each in part})
    record: Object = {"name": owner, "type": rtype, "data": data}
    if ttls:
        record["ttl"] = min(ttls)  # an RRset has one (RFC 2181 section 5.2)
    return record


def _part(key: RRsetKey, record: Object) -> Part:
    found = (targets.to_target(key[1], each) for each in record["data"])
    return Part(tuple(sorted(set(found))), record.get("ttl") or 0)


def _notes(parts: Parts) -> str:
    """The parts as an annotation; empty where the RRset tells all of them."""
    if set(parts) == {""} and not parts[""].properties:
        return ""
    noted = [
        {
            "setIdentifier": each,
            "targets": list(parts[each].targets),
            "ttl": parts[each].ttl,
            "providerSpecific": dict(parts[each].properties),
        }
        for each in sorted(parts)
    ]
    return json.dumps(noted, sort_keys=True)


def _read_notes(metadata: Object) -> dict[str, Part] | None:
    """The parts by the annotation; None where there is none, or nothing that we wrote."""
    text = (metadata.get("annotations") or {}).get(SETS)
    if not text:
        return None
    try:
        notes = _NOTES.validate_json(text)
    except ValueError:
        return None
    found = {
        each.set_identifier: Part(tuple(each.targets), each.ttl, each.provider_specific)
        for each in notes
    }
    return found or None


def _names(instance: str, metadata: Object, record: Object) -> bool:
    """Whether the name of the object is that for a record of it, whose name ExternalDNS can say."""
    try:
        owner, rtype = _key(record)
        said = names.normalise(owner.removesuffix("."))
        return said == owner and bool(name(instance, (owner, rtype)) == metadata["name"])
    except ValueError:
        return False


def _key(record: Object) -> RRsetKey:
    """Ours are written with absolute names and normal types, so they are keys already."""
    return record["name"], rrtypes.normalise(record["type"])


def _is(item: Object, record: Object, wanted: Object) -> bool:
    """Whether an object has all of `wanted`; others may have added to it."""
    metadata, ours = item["metadata"], wanted["metadata"]
    zone = item["spec"]["zoneRef"]
    told: Object = wanted["spec"]["records"][0]
    notes = (metadata.get("annotations") or {}).get(SETS)
    return bool(
        told == {field: record.get(field) for field in told}
        and zone["name"] == wanted["spec"]["zoneRef"]["name"]
        and zone.get("namespace") in (None, metadata["namespace"])
        and ours["labels"].items() <= (metadata.get("labels") or {}).items()
        and notes == ours.get("annotations", {}).get(SETS)
    )


def _problem(item: Object) -> str:
    for each in (item.get("status") or {}).get("conditions") or ():
        current = each.get("observedGeneration") == item["metadata"].get("generation")
        if each["type"] == "Accepted" and each["status"] == "False" and current:
            return f"{each.get('message', '')} [{each.get('reason', '')}]"
    return ""
