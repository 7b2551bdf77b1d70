"""The resources of `dnsfleet.io/v1alpha1` as strict, frozen models, and `parse` to read one.

What is checked here needs nothing but the object itself. What needs other objects, or the records
of a zone, is in `dnsfleet.zones`.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from dnsfleet.resources.base import (
    API_VERSION,
    DEFAULT_NAMESPACE,
    GROUP,
    VERSION,
    Model,
    Reference,
    Tolerant,
)
from dnsfleet.resources.explaining import explain
from dnsfleet.resources.kubernetes_types import (
    Condition,
    ConfigMap,
    LabelRequirement,
    LabelSelector,
    Metadata,
    Namespace,
)
from dnsfleet.resources.nulls import without_nulls
from dnsfleet.resources.pops import Pop, PopSpec, PopStatus
from dnsfleet.resources.record_sets import DynamicRecord, RecordSet, RecordSetSpec, RecordSetStatus
from dnsfleet.resources.tsig_keys import Secret, TsigKey
from dnsfleet.resources.zone_classes import ZoneClass
from dnsfleet.resources.zone_contents import DEFAULT_TTL, MAX_TTL, Record, ZoneFile
from dnsfleet.resources.zones import Soa, Zone, ZoneSpec, ZoneStatus
from dnsfleet.violations import Violation

Resource = Zone | RecordSet | Pop | ZoneClass | TsigKey | Namespace | ConfigMap | Secret

KINDS: Mapping[tuple[str, str], type[Resource]] = {
    (API_VERSION, "Zone"): Zone,
    (API_VERSION, "RecordSet"): RecordSet,
    (API_VERSION, "Pop"): Pop,
    (API_VERSION, "ZoneClass"): ZoneClass,
    (API_VERSION, "TsigKey"): TsigKey,
    ("v1", "Namespace"): Namespace,
    ("v1", "ConfigMap"): ConfigMap,
    ("v1", "Secret"): Secret,
}
"""(apiVersion, kind) to model."""

__all__ = [
    "API_VERSION",
    "DEFAULT_NAMESPACE",
    "DEFAULT_TTL",
    "GROUP",
    "KINDS",
    "MAX_TTL",
    "VERSION",
    "Condition",
    "ConfigMap",
    "DynamicRecord",
    "LabelRequirement",
    "LabelSelector",
    "Metadata",
    "Model",
    "Namespace",
    "Pop",
    "PopSpec",
    "PopStatus",
    "Record",
    "RecordSet",
    "RecordSetSpec",
    "RecordSetStatus",
    "Reference",
    "Resource",
    "Secret",
    "Soa",
    "Tolerant",
    "TsigKey",
    "Zone",
    "ZoneClass",
    "ZoneFile",
    "ZoneSpec",
    "ZoneStatus",
    "parse",
]


def parse(raw: Mapping[str, Any], where: str) -> tuple[Resource | None, list[Violation]]:
    """The resource that a decoded YAML or JSON object describes, or what is wrong with it.

    `where` names the object in violations; the path of the field is added to it.
    """
    api_version, kind = raw.get("apiVersion"), raw.get("kind")
    model = KINDS.get((str(api_version), str(kind)))
    if model is None:
        return None, [_unknown_kind(api_version, kind, where)]
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        found = error
    try:
        return model.model_validate(without_nulls(raw, found)), []
    except ValidationError as error:
        return None, explain(error, model, where)


def _unknown_kind(api_version: object, kind: object, where: str) -> Violation:
    known = {name for _, name in KINDS}
    versions = [version for version, name in KINDS if name == kind]
    if versions:
        found = "no apiVersion" if api_version is None else f"apiVersion {api_version}"
        return Violation(
            "UnknownKind", f"found {found}; {kind} is of {versions[0]}", f"{where}: apiVersion"
        )
    found = "no kind" if kind is None else f"kind {kind}"
    return Violation(
        "UnknownKind", f"found {found}, allowed: {', '.join(sorted(known))}", f"{where}: kind"
    )
