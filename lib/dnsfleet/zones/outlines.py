"""Outlines: what a Zone says beside its records, noted in the core while its zone is published.

A removed zone has no object any more that says in which namespace it was, where it was served and
who might add to it. The content that is kept says nothing of that. So a writer notes the outline of
each Zone, and notes it again when that is another one; a change of records does not change it.

Labels are no part of it, nor are annotations of others: by these a GitOps tool would take a
restored Zone for its own, and delete it once more.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from dnsfleet.resources import GROUP, Reference, Zone
from dnsfleet.zones.plans import APPROVE_ANNOTATION

RECORDS = "records"
"""The source of a Zone that has its records in the object; others are fields of its zoneFile or of
its source."""
CATALOG = "catalog"
"""The source of a catalog (RFC 9432), which is made of the zones that there are."""

_OWN = f"{GROUP}/"


class Outline(NamedTuple):
    """One Zone without its records."""

    zone: Reference
    annotations: Mapping[str, str]
    """Those of dnsfleet, except approvals: they were of changes that are done."""
    spec: Mapping[str, Any]
    """As its JSON says it, without `records`, `zoneFile` and `source`."""
    source: str
    """The field that had the records: RECORDS, of the zoneFile `inline`, `configMaps` or `url`, or
    of the source `transfer` or CATALOG."""
    config_maps: tuple[tuple[str, str], ...] = ()
    """Name and key of each part, where the source is `configMaps`."""


def of(zone: Zone) -> Outline:
    """The outline of a Zone."""
    file = zone.spec.zone_file
    parts: tuple[tuple[str, str], ...] = ()
    source = RECORDS if file is None else "url"
    if zone.is_catalog:
        source = CATALOG
    elif zone.spec.transfer is not None:
        source = "transfer"
    if file is not None and file.inline is not None:
        source = "inline"
    elif file is not None and file.config_maps is not None:
        source, parts = "configMaps", tuple((each.name, each.key) for each in file.config_maps)
    spec = zone.spec.model_dump(
        mode="json", exclude={"records", "zone_file", "source"}, exclude_unset=True
    )
    annotations = {
        key: text
        for key, text in zone.metadata.annotations.items()
        if key.startswith(_OWN) and key != APPROVE_ANNOTATION
    }
    return Outline(zone.reference, annotations, spec, source, parts)


def encode(outline: Outline) -> bytes:
    """An outline as the core notes it; equal outlines have equal octets."""
    value: dict[str, Any] = {
        "zone": [outline.zone.namespace, outline.zone.name],
        "spec": outline.spec,
        "source": outline.source,
    }
    if outline.annotations:
        value["annotations"] = outline.annotations
    if outline.config_maps:
        value["configMaps"] = outline.config_maps
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def decode(value: bytes) -> Outline | None:
    """What `encode` gave; None for anything else, as a later version may note."""
    try:
        found = json.loads(value)
        namespace, name = found["zone"]
        return Outline(
            Reference("Zone", str(namespace), str(name)),
            {key: str(text) for key, text in found.get("annotations", {}).items()},
            {**found["spec"]},
            str(found["source"]),
            tuple((str(name), str(key)) for name, key in found.get("configMaps", ())),
        )
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return None
