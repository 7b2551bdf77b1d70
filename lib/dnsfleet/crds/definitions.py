"""CustomResourceDefinitions made from the models, so that the API server and the code agree.

The API server wants structural schemas: no `$ref`, no `anyOf` with null, and here no `default` in a
spec, so that GitOps sees no drift. It refuses unknown fields by itself (strict field validation),
so `additionalProperties: false` is left out. What a schema cannot say is in `rules`.

A status has a default: whoever waits for a new object finds conditions that are Unknown, and does
not take it for ready before the operator has seen it.
"""

from typing import Any, NamedTuple

import yaml

from dnsfleet.crds.rules import LIST_KEYS, RULES, Rule
from dnsfleet.resources import GROUP, VERSION, Pop, RecordSet, TsigKey, Zone, ZoneClass
from dnsfleet.resources.fleets import Fleet
from dnsfleet.resources.kubernetes_types import NEVER

Schema = dict[str, Any]

HEADER = (
    "# Made by `dnsfleet crds` from the models in lib/dnsfleet/resources; change those instead.\n"
)
CATEGORIES = ["dnsfleet"]
"""`kubectl get dnsfleet` lists all kinds."""


Model = type[Zone | RecordSet | Pop | Fleet | ZoneClass | TsigKey]


class Column(NamedTuple):
    """One column of `kubectl get`; wide ones come with `-o wide`."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False


class Kind(NamedTuple):
    """What the models do not say about a resource."""

    model: Model
    plural: str
    scope: str
    short_names: list[str]
    columns: list[Column]
    conditions: list[str]
    """Types that every object has from its first moment; a kind without any has no status."""


def _condition(kind: str, member: str = "status") -> str:
    return f'.status.conditions[?(@.type=="{kind}")].{member}'


_AGE = Column("Age", ".metadata.creationTimestamp", "date")
_MESSAGE = Column("Message", _condition("Ready", "message"), wide=True)

KINDS = [
    Kind(
        Zone,
        "zones",
        "Namespaced",
        ["zn"],
        [
            Column("Origin", ".spec.origin"),
            Column("Serial", ".status.serial", "integer"),
            Column("Records", ".status.records", "integer"),
            Column("Pops", ".status.propagation.text"),
            Column("Propagated", _condition("Propagated")),
            _AGE,
            Column("Revision", ".status.revision.seq", "integer", wide=True),
            Column("Seconds", ".status.propagation.seconds", "number", wide=True),
            Column("Secondaries", ".status.secondaries.text", wide=True),
            Column("Accepted", _condition("Accepted", "reason"), wide=True),
            _MESSAGE,
        ],
        ["Accepted", "Programmed", "Propagated", "Ready"],
    ),
    Kind(
        RecordSet,
        "recordsets",
        "Namespaced",
        ["rset"],
        [
            Column("Zone", ".spec.zoneRef.name"),
            Column("Records", ".status.records", "integer"),
            Column("Accepted", _condition("Accepted")),
            Column("Propagated", _condition("Propagated")),
            _AGE,
            Column("Reason", _condition("Accepted", "reason"), wide=True),
            Column("Message", _condition("Accepted", "message"), wide=True),
        ],
        ["Accepted", "Programmed", "Propagated", "Ready"],
    ),
    Kind(
        Pop,
        "pops",
        "Cluster",
        [],
        [
            Column("Region", ".spec.location.region"),
            Column("State", _condition("Drained", "reason")),
            Column("Edges", ".status.edges.text"),
            Column("Zones", ".status.zones.text"),
            Column("Lag", ".status.lagSeconds", "number"),
            Column("Ready", _condition("Ready")),
            Column("Version", ".status.version"),
            _AGE,
            _MESSAGE,
        ],
        ["Progressing", "Ready", "Synced", "Connected", "Drained"],
    ),
    Kind(
        Fleet,
        "fleets",
        "Cluster",
        [],
        [
            Column("Core", _condition("CoreAvailable")),
            Column("Keys", _condition("KeysReady")),
            Column("Held", ".status.heldCount", "integer"),
            Column("Orphans", ".status.orphanCount", "integer"),
            Column("Ready", _condition("Ready")),
            _AGE,
            Column("Position", ".status.core.position", "integer", wide=True),
            _MESSAGE,
        ],
        ["CoreAvailable", "KeysReady", "Held", "Ready"],
    ),
    Kind(
        ZoneClass,
        "zoneclasses",
        "Cluster",
        [],
        [
            Column("Suffixes", ".spec.suffixes"),
            Column("Types", ".spec.types", wide=True),
            _AGE,
        ],
        [],
    ),
    Kind(
        TsigKey,
        "tsigkeys",
        "Namespaced",
        [],
        [
            Column("Key", ".status.keyName"),
            Column("Algorithm", ".spec.algorithm", wide=True),
            Column("For", ".spec.for"),
            Column("Zones", ".spec.zones"),
            Column("Ready", _condition("Ready")),
            Column("Reason", _condition("Ready", "reason")),
            _AGE,
            _MESSAGE,
        ],
        ["Ready"],
    ),
]


def render() -> dict[str, str]:
    """File name to YAML text of each definition; the same models give the same bytes."""
    return {
        f"{kind.plural}.yaml": HEADER
        + yaml.dump(
            definition(kind), Dumper=_PlainDumper, sort_keys=False, width=100, allow_unicode=True
        )
        for kind in KINDS
    }


class _PlainDumper(yaml.SafeDumper):
    """Writes shared values out each time: anchors are hard to read in a definition."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def definition(kind: Kind) -> Schema:
    """The CustomResourceDefinition of one kind."""
    name = kind.model.__name__
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _root_schema(kind)},
        **({"subresources": {"status": {}}} if kind.conditions else {}),
        "additionalPrinterColumns": [_printer_column(column) for column in kind.columns],
    }
    names: Schema = {
        "kind": name,
        "listKind": f"{name}List",
        "plural": kind.plural,
        "singular": name.lower(),
        "categories": CATEGORIES.copy(),
    }
    if kind.short_names:
        names["shortNames"] = kind.short_names
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {"group": GROUP, "names": names, "scope": kind.scope, "versions": [version]},
    }


def _printer_column(column: Column) -> Schema:
    found: Schema = {"name": column.name, "type": column.type, "jsonPath": column.path}
    return found | ({"priority": 1} if column.wide else {})


_LEFT_OUT = ("$defs", "default", "title", "properties", "items", "additionalProperties")
_FIRST = ("description", "type")


def _place(key: str) -> tuple[int, str]:
    """Sort key of a schema keyword: what people read first comes first."""
    return (_FIRST.index(key) if key in _FIRST else len(_FIRST), key)


def _root_schema(kind: Kind) -> Schema:
    model = kind.model
    raw = model.model_json_schema(by_alias=True)
    schema = _structural(raw, raw.get("$defs", {}))
    properties = schema["properties"]
    properties["apiVersion"] = {"type": "string"}
    properties["kind"] = {"type": "string"}
    properties["metadata"] = {"type": "object"}
    if kind.conditions:
        pending = [_pending(each) for each in kind.conditions]
        properties["status"]["default"] = {"conditions": pending}
    with_spec = model in (Zone, RecordSet, ZoneClass, TsigKey)
    schema["required"] = ["metadata", "spec"] if with_spec else ["metadata"]
    return schema


def _pending(condition: str) -> Schema:
    """The condition of an object that the operator has not seen."""
    return {
        "type": condition,
        "status": "Unknown",
        "reason": "Pending",
        "message": "waits for the operator",
        "lastTransitionTime": NEVER,
    }


def _structural(raw: Schema, definitions: dict[str, Schema]) -> Schema:
    """A JSON schema of pydantic in the form that the API server takes."""
    if "$ref" in raw:
        target = definitions[raw["$ref"].rpartition("/")[2]]
        own = {key: raw[key] for key in raw if key != "$ref"}
        return _structural(target | own, definitions)
    if "anyOf" in raw:
        (given,) = [choice for choice in raw["anyOf"] if choice != {"type": "null"}]
        rest = {key: raw[key] for key in raw if key not in ("anyOf", "default")}
        return _structural(given | rest, definitions)
    kept = {key: raw[key] for key in sorted(raw, key=_place) if key not in _LEFT_OUT}
    if "description" in kept:
        kept["description"] = " ".join(kept["description"].split())
    if "const" in kept:
        kept["enum"] = [kept.pop("const")]
    if kept.get("x-kubernetes-int-or-string"):
        del kept["type"]
    if "properties" in raw:
        kept["properties"] = _properties(raw, definitions)
    elif isinstance(raw.get("additionalProperties"), dict):
        kept["additionalProperties"] = _structural(raw["additionalProperties"], definitions)
    if "items" in raw:
        kept["items"] = _structural(raw["items"], definitions)
    _add_rules(kept, RULES.get(raw.get("title", ""), []), None)
    return kept


def _properties(raw: Schema, definitions: dict[str, Schema]) -> dict[str, Schema]:
    owner = raw.get("title", "")
    found = {}
    for name, field in raw["properties"].items():
        schema = _structural(field, definitions)
        if (owner, name) in LIST_KEYS:
            schema["x-kubernetes-list-type"] = "map"
            schema["x-kubernetes-list-map-keys"] = LIST_KEYS[owner, name]
        _add_rules(schema, RULES.get(owner, []), name)
        found[name] = schema
    return found


def _add_rules(schema: Schema, rules: list[Rule], field: str | None) -> None:
    found = [{"rule": rule.rule, "message": rule.message} for rule in rules if rule.field == field]
    if found:
        schema["x-kubernetes-validations"] = found
