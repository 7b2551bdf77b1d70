"""The Zones of the members of a catalog of primaries (RFC 9432), and how they are known again.

Three things together say that a Zone was made for a catalog: the name that it would get, the label
with the name of the catalog, and the annotation with its node in the catalog, `LABEL.zones.ORIGIN`.
A Zone of which one is missing belongs to somebody else, and nobody touches it.

Another annotation has the uid of the Zone of the catalog. That one deletes only what it listed
itself: a catalog that is made again has no list before, by which a wrong one could be held.
"""

import hashlib
import re
from typing import Any, NamedTuple

from dnsfleet import names
from dnsfleet.resources import API_VERSION, GROUP, Reference, Zone
from dnsfleet.resources.object_names import object_name
from dnsfleet.zones.consumed_catalogs import Listed

CATALOG_LABEL = f"{GROUP}/catalog"
MEMBER_ANNOTATION = f"{GROUP}/catalog-member"
UID_ANNOTATION = f"{GROUP}/catalog-uid"
DIGEST_DIGITS = 10
"""Hexadecimal digits of a digest in a name: 40 bits tell the zones of one catalog apart."""
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")

Object = dict[str, Any]


class Membership(NamedTuple):
    """For which member of which catalog a Zone was made."""

    catalog: Reference
    origin: str
    node: str
    """Its owner name in the catalog, when the Zone was made or began anew."""
    uid: str
    """Of the Zone of the catalog that listed it last; empty where that is not known."""


def name_of(origin: str) -> str:
    """The name of the Zone of a member.

    Two origins have the same one only where somebody looked for such: the second one is refused.
    """
    plain = object_name(origin)
    if plain == origin.removesuffix("."):
        return plain
    digest = hashlib.sha256(origin.encode()).hexdigest()[:DIGEST_DIGITS]
    return f"{object_name(origin, DIGEST_DIGITS + 1)}-{digest}"


def reference_of(catalog: Reference, origin: str) -> Reference:
    """The Zone of a member."""
    return Reference("Zone", catalog.namespace, name_of(origin))


def membership(zone: Zone) -> Membership | None:
    """For what a Zone was made; None for one that somebody else made."""
    catalog = zone.metadata.labels.get(CATALOG_LABEL)
    node = zone.metadata.annotations.get(MEMBER_ANNOTATION)
    if catalog is None or node is None or zone.reference.name != name_of(zone.origin):
        return None
    reference = Reference("Zone", zone.reference.namespace, catalog)
    uid = zone.metadata.annotations.get(UID_ANNOTATION, "")
    return Membership(reference, zone.origin, node, uid)


def is_of(membership: Membership, catalog: Zone) -> bool:
    """Whether a Zone was made for this catalog, and not for another one that had its name."""
    return membership.catalog == catalog.reference and membership.node.endswith(
        f".zones.{catalog.origin}"
    )


def wanted(catalog: Zone, origin: str, listed: Listed) -> Object:
    """The Zone of a member, as it is to be made."""
    consumed, transfer = catalog.spec.consumed, catalog.spec.transfer
    assert consumed is not None and transfer is not None  # noqa: S101 - it is a consumed catalog
    template = consumed.zone_template
    labels = dict(template.metadata.labels)
    if (key := consumed.group_label) is not None:
        if _LABEL_VALUE.fullmatch(listed.group):
            labels[key] = listed.group
        labels.setdefault(key, "")  # else the label of an earlier group would stay
    labels[CATALOG_LABEL] = catalog.metadata.name
    if template.spec.source is not None:
        transfer_spec = template.spec.source.transfer.model_dump(mode="json")
    else:
        transfer_spec = transfer.model_dump(mode="json", exclude={"catalog"})
    spec: Object = {
        "origin": origin.removesuffix(".") or names.ROOT,
        "source": {"transfer": transfer_spec},
    }
    if template.spec.placement is not None:
        spec["placement"] = template.spec.placement.model_dump(mode="json", exclude_unset=True)
    return {
        "apiVersion": API_VERSION,
        "kind": "Zone",
        "metadata": {
            "name": name_of(origin),
            "namespace": catalog.reference.namespace,
            "labels": labels,
            "annotations": {
                MEMBER_ANNOTATION: f"{listed.label}.zones.{catalog.origin}",
                UID_ANNOTATION: catalog.metadata.uid,
            },
        },
        "spec": spec,
    }


def is_as(zone: Zone, asked: Object) -> bool:
    """Whether a Zone is as `wanted` gave it; labels and annotations beside those are anybody's.

    A field that is left out is not one with its default: there its ZoneClass says what holds.
    """
    metadata, spec = asked["metadata"], Zone.model_validate(asked).spec
    return (
        metadata["labels"].items() <= zone.metadata.labels.items()
        and metadata["annotations"].items() <= zone.metadata.annotations.items()
        and zone.spec == spec
        and zone.spec.model_fields_set == spec.model_fields_set
    )


def changed(found: Object, asked: Object) -> Object:
    """An object of the API server with what `asked` says; the rest of its metadata stays."""
    metadata, more = found["metadata"], asked["metadata"]
    merged = {each: {**metadata.get(each, {}), **more[each]} for each in ("labels", "annotations")}
    return {**found, "metadata": {**metadata, **merged}, "spec": asked["spec"]}
