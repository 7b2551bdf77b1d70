"""`dnsfleet crds`: the CustomResourceDefinitions as files, a kind in each, and in the chart.

The values of the chart may carry the specs of Zones and Pops, so the JSON Schema of the values has
them as well. The API server refuses unknown fields by itself; a JSON Schema validator must be told
to. What only the API server understands (`x-kubernetes-*`, its CEL rules among them) is left out.
"""

import json
from pathlib import Path
from typing import Any

from dnsfleet.crds import definitions
from dnsfleet.resources import Pop, Zone

from dnsfleet_cli.troubles import Trouble, reason

CHART_FOLDER = Path("files", "crds")
"""Where the chart keeps them: not in `crds/`, which Helm installs by itself and never upgrades."""
VALUES_SCHEMA = "values.schema.json"

Schema = dict[str, Any]


def write(folder: Path) -> None:
    """Write every file into `folder`, made if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in definitions.render().items():
            (folder / name).write_text(text)
            print(folder / name)
    except OSError as error:
        raise Trouble(f"{error.filename or folder}: {reason(error)}") from None


def write_chart(chart: Path) -> None:
    """Write the definitions into a chart, and the specs into the schema of its values."""
    write(chart / CHART_FOLDER)
    schema = chart / VALUES_SCHEMA
    try:
        schema.write_text(with_specs(schema.read_text()))
    except OSError as error:
        raise Trouble(f"{schema}: {reason(error)}") from None
    except ValueError as error:
        raise Trouble(f"{schema}: not a JSON document: {error}") from None
    print(schema)


def with_specs(text: str) -> str:
    """The text of a values schema, its `zoneSpec` and `popSpec` brought up to the models."""
    schema = json.loads(text)
    schema.setdefault("$defs", {}).update(
        {
            f"{kind.model.__name__.lower()}Spec": _closed(_spec(kind))
            for kind in definitions.KINDS
            if kind.model in (Pop, Zone)
        }
    )
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


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
