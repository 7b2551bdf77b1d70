"""The files of the chart that can be checked without helm: definitions, values schema, alerts."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dnsfleet.crds import definitions
from dnsfleet_cli import crd_files
from dnsfleet_gate import config
from dnsfleet_publisher import redis_settings
from support import alert_rules

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "dnsfleet"
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
RULES = alert_rules.by_name()
STOP_SECONDS = 10
"""Beside its transfers: to give up the Lease, and to end its threads."""
PAGES = [ROOT / "README.md", CHART / "README.md", *(ROOT / "docs").rglob("*.md")]


def test_the_chart_has_the_generated_definitions() -> None:
    folder = CHART / crd_files.CHART_FOLDER
    carried = {path.name: path.read_text() for path in folder.iterdir()}
    assert carried == definitions.render(), "run `make crds` and commit the result"


def test_the_schema_has_the_specs_of_the_models() -> None:
    text = (CHART / crd_files.VALUES_SCHEMA).read_text()
    assert text == crd_files.with_specs(text), "run `make crds` and commit the result"


def test_writing_into_a_chart_brings_it_up_to_the_models(tmp_path: Path) -> None:
    (tmp_path / crd_files.VALUES_SCHEMA).write_text('{"$defs": {"zoneSpec": {}, "name": {}}}')
    crd_files.write_chart(tmp_path)
    schema = json.loads((tmp_path / crd_files.VALUES_SCHEMA).read_text())
    assert schema["$defs"]["zoneSpec"] == SCHEMA["$defs"]["zoneSpec"]
    assert schema["$defs"]["name"] == {}
    assert (tmp_path / crd_files.CHART_FOLDER / "zones.yaml").exists()


def test_the_core_of_the_chart_has_the_settings_of_every_core() -> None:
    _, mark, config = (
        (CHART / "templates" / "core.yaml")
        .read_text()
        .partition('{{- define "dnsfleet.coreConfig" -}}')
    )
    assert mark
    assert set(redis_settings.CORE.splitlines()) <= set(config.splitlines())


def test_a_gate_has_the_time_that_its_transfers_may_take_after_a_stop() -> None:
    template = (CHART / "templates" / "_gate.tpl").read_text()
    (sleep,) = re.findall(r"sleep: {seconds: (\d+)}", template)
    (drain,) = re.findall(r'"drain_seconds": (\d+)', template)
    (grace,) = re.findall(r"terminationGracePeriodSeconds: (\d+)", template)
    assert config.DRAIN_SECONDS < int(drain) <= int(grace) - int(sleep) - STOP_SECONDS


def objects(schema: object, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of an object inside a schema, with its place."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield place, schema
        for key, part in schema.items():
            yield from objects(part, f"{place}/{key}")


def test_no_object_of_the_values_takes_unknown_fields() -> None:
    """Except `global`, which Helm passes to every chart."""
    open_ones = [
        place
        for place, schema in objects(SCHEMA)
        if "properties" in schema or "additionalProperties" not in schema
        if schema.get("additionalProperties") is not False
    ]
    assert open_ones == ["/properties/global"]


def test_every_value_is_in_the_schema() -> None:
    of_any_names = [{"$ref": f"#/$defs/{kind}"} for kind in ("labels", "annotations")]
    for name, value in VALUES.items():
        schema = SCHEMA["properties"][name]
        if isinstance(value, dict) and schema not in of_any_names:
            assert set(value) == set(schema["properties"])
    assert set(VALUES) == set(SCHEMA["properties"]) - {"global"}


def test_rendering_depends_on_the_values_alone() -> None:
    fickle = re.compile(r"\b(lookup|rand\w+|gen[A-Z]\w+|uuidv4|now|htpasswd)\b")
    for path in (CHART / "templates").rglob("*"):
        if path.is_file():
            actions = " ".join(re.findall(r"\{\{.*?\}\}", path.read_text(), re.DOTALL))
            actions = re.sub(r"/\*.*?\*/", "", actions, flags=re.DOTALL)
            assert not fickle.search(actions), path.name


def test_the_plain_rules_are_those_of_the_chart() -> None:
    text = alert_rules.PLAIN.read_text()
    assert text == alert_rules.plain(), "run `make alerts` and commit the result"
    (group,) = yaml.safe_load(text)["groups"]
    assert group["rules"] == list(RULES.values())


def test_a_file_is_named_after_its_alert() -> None:
    assert [path.stem for path in sorted(alert_rules.FOLDER.iterdir())] == list(RULES)


def test_the_schema_knows_every_alert() -> None:
    schema = SCHEMA["properties"]["alerts"]["properties"]
    assert sorted(schema["exclude"]["items"]["enum"]) == list(RULES)
    assert list(schema["windows"]["properties"]) == list(VALUES["alerts"]["windows"])


def test_the_windows_of_the_values_are_those_of_the_file() -> None:
    windows = {
        f"Dnsfleet{key[0].upper()}{key[1:]}": window
        for key, window in VALUES["alerts"]["windows"].items()
    }
    assert windows == {name: rule["for"] for name, rule in RULES.items()}


@pytest.mark.parametrize("name", RULES)
def test_an_alert_says_what_it_is_and_has_a_runbook(name: str) -> None:
    rule = RULES[name]
    assert rule["labels"]["severity"] in ("critical", "warning")
    annotations = rule["annotations"]
    assert set(annotations) == {"summary", "description", "runbook_url"}
    assert "$value" in annotations["description"]
    assert annotations["runbook_url"].endswith(f"/docs/runbooks/{name}.md")
    text = (ROOT / "docs" / "runbooks" / f"{name}.md").read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert headings == [name, "Meaning", "Impact", "Diagnose", "Fix"]


def test_the_list_of_runbooks_has_each_alert_with_its_severity() -> None:
    folder = ROOT / "docs" / "runbooks"
    rows = re.findall(
        r"^\| \[(\w+)\]\(\1\.md\) \| (\w+) \|", (folder / "README.md").read_text(), re.M
    )
    assert sorted(rows) == [(name, rule["labels"]["severity"]) for name, rule in RULES.items()]
    assert {path.stem for path in folder.glob("*.md")} == {*RULES, "README"}


@pytest.mark.parametrize("name", RULES)
def test_the_links_of_a_runbook_lead_somewhere(name: str) -> None:
    text = (ROOT / "docs" / "runbooks" / f"{name}.md").read_text()
    for link in re.findall(r"\]\(([^)#:]+)", text):
        assert (ROOT / "docs" / "runbooks" / link).exists(), link


@pytest.mark.parametrize("name", RULES)
def test_the_metrics_of_an_alert_are_documented(name: str) -> None:
    documented = (ROOT / "docs" / "metrics.md").read_text()
    for metric in re.findall(r"dnsfleet_\w+", RULES[name]["expr"]):
        assert f"`{re.sub('_(bucket|count|sum)$', '', metric)}`" in documented


def test_what_people_copy_names_a_version_and_keeps_new_values() -> None:
    """A published chart without a version is the newest one; see docs/upgrades.md on the other."""
    lines = [line for page in PAGES for line in commands(page) if " helm " in f" {line}"]
    assert len(lines) > 10
    published = [each for each in lines if re.search(r"(install|upgrade) .*oci:", each)]
    assert published
    assert [each for each in published if "--version " not in each] == []
    assert [each for each in lines if " --reuse-values" in each] == []


def commands(page: Path) -> list[str]:
    found = re.findall(r"```(?:console|sh)\n(.*?)```", page.read_text(), re.DOTALL)
    return "".join(found).replace("\\\n", "").splitlines()
