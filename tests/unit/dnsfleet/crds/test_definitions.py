"""The definitions that a cluster gets: as the models say, and as the API server accepts them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dnsfleet.crds import definitions
from dnsfleet.resources import Pop, RecordSet, Zone

FOLDER = Path(__file__).parents[4] / "crds"
RENDERED = definitions.render()


def test_the_committed_files_are_the_generated_ones() -> None:
    committed = {path.name: path.read_text() for path in FOLDER.glob("*.yaml")}
    assert committed == RENDERED, "run `make crds` and commit the result"


def schemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and all schemas inside it."""
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from schemas(inner)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from schemas(schema[key])


def version_of(text: str) -> dict[str, Any]:
    (version,) = yaml.safe_load(text)["spec"]["versions"]
    assert isinstance(version, dict)
    return version


@pytest.mark.parametrize("name", RENDERED)
def test_schemas_are_structural_and_without_defaults(name: str) -> None:
    allowed = {
        *("description", "type", "format", "enum", "pattern", "required", "properties", "items"),
        *("additionalProperties", "minimum", "maximum", "minLength", "maxLength", "minItems"),
        *("maxItems", "maxProperties", "x-kubernetes-validations", "x-kubernetes-list-type"),
        *("x-kubernetes-list-map-keys", "x-kubernetes-int-or-string"),
    }
    root = version_of(RENDERED[name])["schema"]["openAPIV3Schema"]
    if "status" in root["properties"]:
        del root["properties"]["status"]["default"]
    for schema in schemas(root):
        assert set(schema) <= allowed
        assert ("type" in schema) != ("x-kubernetes-int-or-string" in schema)
        assert not {"properties", "additionalProperties"} <= set(schema)


@pytest.mark.parametrize("model", [Zone, RecordSet, Pop])
def test_nothing_is_known_of_a_new_object(model: type[Zone | RecordSet | Pop]) -> None:
    (kind,) = (each for each in definitions.KINDS if each.model is model)
    root = version_of(RENDERED[f"{kind.plural}.yaml"])["schema"]["openAPIV3Schema"]
    given = root["properties"]["status"]["default"]["conditions"]
    assert [each["type"] for each in given] == kind.conditions
    assert {(each["status"], each["reason"]) for each in given} == {("Unknown", "Pending")}
    assert "Ready" in kind.conditions


@pytest.mark.parametrize("name", RENDERED)
def test_specs_are_bounded(name: str) -> None:
    """The API server computes the cost of CEL rules from these bounds."""
    root = version_of(RENDERED[name])["schema"]["openAPIV3Schema"]
    for schema in schemas(root["properties"].get("spec", {"type": "object"})):
        match schema.get("type"):
            case "array":
                assert "maxItems" in schema
            case "string":
                assert "maxLength" in schema or "enum" in schema or "pattern" in schema
            case "integer" | "number":
                assert {"minimum", "maximum"} <= set(schema)


COLUMNS = {
    "zones.yaml": (
        ["Origin", "Serial", "Records", "Pops", "Propagated", "Age"],
        ["Revision", "Seconds", "Secondaries", "Accepted", "Message"],
    ),
    "recordsets.yaml": (
        ["Zone", "Records", "Accepted", "Propagated", "Age"],
        ["Reason", "Message"],
    ),
    "fleets.yaml": (["Core", "Keys", "Held", "Orphans", "Ready", "Age"], ["Position", "Message"]),
    "zoneclasses.yaml": (["Suffixes", "Age"], ["Types"]),
    "tsigkeys.yaml": (
        ["Key", "For", "Zones", "Ready", "Reason", "Age"],
        ["Algorithm", "Message"],
    ),
    "pops.yaml": (
        ["Region", "State", "Edges", "Zones", "Lag", "Ready", "Version", "Age"],
        ["Message"],
    ),
}


@pytest.mark.parametrize("name", RENDERED)
def test_columns_show_fields_that_exist(name: str) -> None:
    version = version_of(RENDERED[name])
    columns = version["additionalPrinterColumns"]
    shown = [column["name"] for column in columns if "priority" not in column]
    wide = [column["name"] for column in columns if column.get("priority") == 1]
    assert (shown, wide) == COLUMNS[name]
    for column in columns:
        schema = version["schema"]["openAPIV3Schema"]
        for part in column["jsonPath"].partition("[?")[0].strip(".").split("."):
            if schema["properties"].get(part) == {"type": "object"}:
                break  # metadata, which the API server describes
            schema = schema["properties"][part]


def test_rules_reach_the_schema() -> None:
    rules = [
        rule["message"]
        for text in RENDERED.values()
        for schema in schemas(version_of(text)["schema"]["openAPIV3Schema"])
        for rule in schema.get("x-kubernetes-validations", [])
    ]
    stated = {rule.message for model in definitions.RULES.values() for rule in model}
    assert set(rules) == stated
