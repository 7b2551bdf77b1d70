"""The specs of Zone and Pop as JSON Schema, for values of the Helm chart that carry them.

The API server refuses unknown fields by itself; a JSON Schema validator must be told. What only
the API server understands (`x-kubernetes-*`, its CEL rules among them) is left for it to check.
"""

from typing import Any

from dnsfleet.crds import definitions
from dnsfleet.resources import RecordSet

Schema = dict[str, Any]


def specs() -> dict[str, Schema]:
    """`zoneSpec` and `popSpec`: names for `$defs` to closed schemas."""
    return {
        f"{kind.model.__name__.lower()}Spec": _closed(_spec(kind))
        for kind in definitions.KINDS
        if kind.model is not RecordSet
    }


def _spec(kind: definitions.Kind) -> Schema:
    (version,) = definitions.definition(kind)["spec"]["versions"]
    found: Schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return found


def _closed(schema: Schema) -> Schema:
    """The schema with every object closed to fields that it does not name."""
    found = {key: schema[key] for key in schema if not key.startswith("x-kubernetes-")}
    if "properties" in schema:
        found["properties"] = {key: _closed(part) for key, part in schema["properties"].items()}
        found["additionalProperties"] = False
    elif "additionalProperties" in schema:
        found["additionalProperties"] = _closed(schema["additionalProperties"])
    if "items" in schema:
        found["items"] = _closed(schema["items"])
    return found
