"""docs/metrics.md is what the code registers, and names follow the conventions of Prometheus."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dnsfleet_operator
import pytest
from dnsfleet_operator.metrics import Metrics as OperatorMetrics
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import generate_latest
from support import metrics_document
from support.metrics_document import PAGE, Described


def test_the_page_is_the_generated_one() -> None:
    assert PAGE.read_text() == metrics_document.page(), "run `make metrics` and commit the result"


def test_each_metric_is_described_with_its_labels_before_it_has_values() -> None:
    registry = CollectorRegistry()
    Counter("a_total", "A.", ["x", "y"], registry=registry)
    Histogram("b_seconds", "B.", ["z"], registry=registry)
    Gauge("c", "C.", registry=registry)
    Info("d", "D.", registry=registry).info({"version": "1"})
    assert list(metrics_document.described(registry).values()) == [
        Described("a_total", "counter", ("x", "y"), "A."),
        Described("b_seconds", "histogram", ("z",), "B."),
        Described("c", "gauge", (), "C."),
        Described("d_info", "gauge", ("version",), "D."),
    ]


def test_a_page_is_read_as_it_was_written() -> None:
    written = metrics_document.written(metrics_document.page())
    assert written["Operator"]["dnsfleet_operator_api_calls_total"] == (
        "counter",
        ("verb", "resource", "code"),
    )
    assert list(written) == list(metrics_document.SECTIONS)
    registered = [
        metrics_document.described(each) for each in metrics_document.registries().values()
    ]
    names = {name for each in registered for name in each}
    assert {name for rows in written.values() for name in rows} == names


def test_the_kinds_of_reconciliations_are_those_that_the_operator_works_on() -> None:
    metrics = metrics_document.described(OperatorMetrics().registry)
    text = metrics["dnsfleet_operator_reconcile_total"].text
    told = re.search(r"Kind is ([^;]+);", text)
    assert told is not None
    # Looks at what edges prove are counted too; they have no key.
    assert set(re.split(", | or ", told[1])) == {*_kinds(), "Propagation"}


def _kinds() -> Iterator[str]:
    """Each kind of which a module of the operator makes a key of its work queue."""
    for path in Path(dnsfleet_operator.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text())
        imports = [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
        if not any(each.module == "dnsfleet_operator.work_queue" for each in imports):
            continue
        for call in (each for each in ast.walk(tree) if isinstance(each, ast.Call)):
            match call:
                case ast.Call(func=ast.Name("Key"), args=[ast.Constant(str(kind)), *_]):
                    yield kind


@pytest.mark.parametrize("role", metrics_document.registries())
def test_names_and_texts_follow_the_conventions(role: str) -> None:
    page = generate_latest(metrics_document.registries()[role])
    found: Any = subprocess.run(
        ["promtool", "check", "metrics"], input=page, capture_output=True, check=False
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")


def test_the_convention_check_finds_something() -> None:
    registry = CollectorRegistry()
    Gauge("dnsfleet_wrong_total", "", registry=registry)
    page = generate_latest(registry)
    found: Any = subprocess.run(
        ["promtool", "check", "metrics"], input=page, capture_output=True, check=False
    )
    assert found.returncode != 0
