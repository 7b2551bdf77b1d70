"""The objects that bring a removed zone back, as far as they are gone. Pure.

What was served comes back, and each record as whose it was:

    RecordSets    what each of them added, made again where it is gone
    Zone          all else, with the spec of before, in the field that it was in
    ConfigMaps    the zone file, where it was in some

The field matters to whoever applies the manifest of before: an apply replaces what is in the same
field, and comes beside what is in another one. A single ConfigMap has its name again. Several get
new names, because they would be replaced one by one, and parts of two zone files are no zone.

What is made is built here first, with the namespaces and ZoneClasses that there are. Where that
does not give what was served, but the whole content as one zone file does, it is made so, and no
RecordSet. So the names come back, whatever became of the rest.
"""

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from dnsfleet import names, resources
from dnsfleet.resources import API_VERSION, DynamicRecord, Record, Reference
from dnsfleet.resources.documents import Document
from dnsfleet.resources.record_sets import GATE
from dnsfleet.resources.zone_contents import MAX_INLINE
from dnsfleet.zones import outlines
from dnsfleet.zones.outlines import Outline
from dnsfleet_engine import Zone
from dnsfleet_publisher import claims
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.claims import Claims
from dnsfleet_publisher.kept_contents import Removed

from dnsfleet_cli import zone_rrsets, zone_shapes
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_cli.zone_rrsets import RRset

_APEX = {"soa": "SOA", "nameServers": "NS"}
"""Fields of a spec that stand for RRsets of the apex."""


class There(NamedTuple):
    """What of the cluster decides what is to be made."""

    record_sets: Set[Reference] = frozenset()
    config_maps: Mapping[str, Object] = {}
    """Those that the Zone named, by name, as far as they are there."""
    rules: Sequence[Document] = ()
    """Namespaces and ZoneClasses."""


class Plan(NamedTuple):
    """What brings a zone back."""

    objects: list[Object]
    """To be made in this order; the Zone is the last one."""
    source: str
    """The field of its spec that has the records."""


class _Way(NamedTuple):
    """One way to write a zone as objects."""

    spec: dict[str, Any]
    config_maps: list[Object]
    record_sets: list[Object]
    source: str


def plan(removed: Removed, content: Zone, there: There) -> Plan:
    """What is to be made; `content` are the records of the removed zone.

    Trouble where it is not known which Zone that was, or where it is too large for objects.
    """
    outline = removed.outline
    if outline is None:
        raise Trouble(
            f"it is not known which Zone {content.origin} was: an operator before this version "
            "published it; write its records by `-o zone` to a file, and use `dnsfleet zone import`"
        )
    sets = list(_record_sets(removed.claims, content))
    way, least = None, math.inf
    for each in _ways(outline, content, removed.claims, sets, there):
        lacks = _lacks(each, outline, content, there)
        if way is None or lacks < least:
            way, least = each, lacks
        if not lacks:
            break
    assert way is not None  # noqa: S101 - there is always one
    gone = [each for each in way.record_sets if reference(each) not in there.record_sets]
    zone = _zone(outline, way.spec)
    return Plan([*way.config_maps, *map(_without_age, gone), zone], way.source)


def _ways(
    outline: Outline, content: Zone, added: Claims, sets: list[Object], there: There
) -> Iterator[_Way]:
    """All ways, the closest to what was first; the last one needs nothing but the content."""
    spec, origin = dict(outline.spec), content.origin
    taken = {key for claim in added.values() for key in claim.rrsets}
    rrsets = list(zone_rrsets.of(content))
    own = [each for each in rrsets if _key(each) not in taken]
    apex = {(origin, rtype) for field, rtype in _APEX.items() if field in spec}
    if outline.source == outlines.RECORDS:
        listed = [each for each in own if _key(each) not in {(origin, "SOA"), (origin, "NS")}]
        ttl = next(each.ttl for each in rrsets if _key(each) == (origin, "SOA"))  # the default one
        records = [zone_rrsets.record(each, origin, ttl) for each in listed]
        yield _Way(spec | {"records": records}, [], sets, outlines.RECORDS)
    named = [{"name": name, "key": key} for name, key in outline.config_maps]
    if named and all(each["name"] in there.config_maps for each in named):
        yield _Way(spec | {"zoneFile": {"configMaps": named}}, [], sets, "configMaps")
    text = "".join(each.text for each in own if _key(each) not in apex)
    yield _in_a_file(outline, spec, origin, text, sets, there)
    bare = {field: value for field, value in spec.items() if field not in _APEX}
    yield _in_a_file(outline, bare, origin, content.to_text(), [], there)


def _in_a_file(
    outline: Outline,
    spec: dict[str, Any],
    origin: str,
    text: str,
    sets: list[Object],
    there: There,
) -> _Way:
    """The way by a zone file: in the object, or in ConfigMaps."""
    octets = len(text.encode())
    if outline.source != "configMaps" and octets <= MAX_INLINE:
        return _Way(spec | {"zoneFile": {"inline": text}}, [], sets, "inline")
    if len(outline.config_maps) == 1 and octets <= zone_shapes.MAX_CONFIG_MAP:
        ((name, key),) = outline.config_maps
        if name not in there.config_maps:
            made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
            file = {"configMaps": [{"name": name, "key": key}]}
            objects = [_placed(made | {"data": {key: text}}, outline.zone.namespace)]
            return _Way(spec | {"zoneFile": file}, objects, sets, "configMaps")
    try:
        *config_maps, zone = zone_shapes.in_config_maps(origin, text)
    except ValueError as error:
        raise Trouble(f"{origin}: {error}; `-o zone` prints that file") from None
    objects = [_placed(each, outline.zone.namespace) for each in config_maps]
    return _Way(spec | {"zoneFile": zone["spec"]["zoneFile"]}, objects, sets, "configMaps")


def _lacks(way: _Way, outline: Outline, content: Zone, there: There) -> float:
    """RRsets in which these objects are not the zone that was served; infinite for no zone."""
    assembler = Assembler(ZonePaths())
    known = [_placed(each, outline.zone.namespace) for each in there.config_maps.values()]
    made = (*known, *way.config_maps, *way.record_sets, _zone(outline, way.spec))
    for found in (*there.rules, *map(document, made)):
        if found is not None:
            assembler.put(found)
    assembler.assemble()
    built = assembler.zones.get(content.origin)
    if built is None or built.zone is None:
        return math.inf
    delta = content.diff(built.zone.with_serial(content.serial))
    return delta.added + delta.removed + delta.changed


def _record_sets(added: Claims, content: Zone) -> Iterator[Object]:
    """The RecordSets as they were published."""
    for reference, claim in sorted(added.items()):
        found = claims.as_published(reference, claim, content)
        if found is None:
            continue
        metadata: dict[str, Any] = {
            "namespace": reference.namespace,
            "name": reference.name,
        }
        if found.spec.dynamic:
            metadata["labels"] = {"app.kubernetes.io/managed-by": GATE}
        yield {
            "apiVersion": API_VERSION,
            "kind": "RecordSet",
            "metadata": metadata | {"creationTimestamp": claim.created},
            "spec": {
                "zoneRef": {"namespace": claim.zone.namespace, "name": claim.zone.name},
                found.spec.rrsets_field: [
                    _record(each, content.origin) for each in found.spec.rrsets
                ],
            },
        }


def _record(record: Record, origin: str) -> dict[str, Any]:
    rrset = RRset(record.name, record.ttl or 0, record.type, list(record.data))
    made = zone_rrsets.record(rrset, origin, None)
    if not isinstance(record, DynamicRecord):
        return made
    # A gate takes its RecordSet for its own again only as it writes it: with absolute names.
    return made | {"name": names.normalise(record.name, origin), "since": record.since}


def _zone(outline: Outline, spec: Mapping[str, Any]) -> Object:
    metadata: dict[str, Any] = {"namespace": outline.zone.namespace, "name": outline.zone.name}
    if outline.annotations:
        metadata["annotations"] = dict(outline.annotations)
    return {"apiVersion": API_VERSION, "kind": "Zone", "metadata": metadata, "spec": dict(spec)}


def _placed(item: Object, namespace: str) -> Object:
    """An object of the core API, in a namespace, as it is in a file."""
    metadata = {**item["metadata"], "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", **item, "metadata": metadata}


def _without_age(item: Object) -> Object:
    metadata = {key: text for key, text in item["metadata"].items() if key != "creationTimestamp"}
    return {**item, "metadata": metadata}


def document(item: Object) -> Document | None:
    """An object as the assembler takes it; None where it cannot be understood."""
    plain = {key: value for key, value in item.items() if key != "status"}
    resource, _ = resources.parse(plain, "")
    return None if resource is None else Document(resource.kind, resource, "", 0, {})


def reference(item: Object) -> Reference:
    """Which object of a namespace it is."""
    return Reference(item["kind"], item["metadata"]["namespace"], item["metadata"]["name"])


def _key(rrset: RRset) -> tuple[str, str]:
    """The RRset as claims name it; a name that no object may have is claimed by none."""
    try:
        return names.normalise(rrset.owner), rrset.rtype
    except ValueError:
        return rrset.owner, rrset.rtype
