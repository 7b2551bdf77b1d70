"""`dnsfleet crds`: the CustomResourceDefinitions as files, a kind in each, and in the chart."""

import json
from pathlib import Path

from dnsfleet.crds import chart_schemas, definitions

from dnsfleet_cli.troubles import Trouble, reason

CHART_FOLDER = Path("files", "crds")
"""Where the chart keeps them: not in `crds/`, which Helm installs by itself and never upgrades."""
VALUES_SCHEMA = "values.schema.json"


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
    """The text of a values schema, its `$defs` brought up to the models."""
    schema = json.loads(text)
    schema.setdefault("$defs", {}).update(chart_schemas.specs())
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
