"""What `kubectl dnsfleet top` takes from the object of a Pop."""

from typing import Any

import pytest
from dnsfleet_cli.kubectl.cluster_top import pop_sample
from dnsfleet_cli.top.samples import PopSample


def pop(spec: dict[str, Any], status: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"metadata": {"name": "fra", "generation": 1}, "spec": spec, "status": status}


BEHIND = {
    "edges": {"ready": 0, "desired": 3},
    "lagSeconds": 90.0,
    "zones": {"assigned": 4, "current": 1},
    "conditions": [
        {"type": "Ready", "status": "False", "observedGeneration": 1, "message": "no edges"}
    ],
}


def conditions(*found: tuple[str, str, str, str]) -> dict[str, Any]:
    keys = ("type", "status", "reason", "message")
    return {
        "conditions": [
            {**dict(zip(keys, each, strict=True)), "observedGeneration": 1} for each in found
        ]
    }


DRAINED = BEHIND | conditions(("Ready", "True", "Drained", "as spec.state asks"))
REFUSED = BEHIND | conditions(
    ("Ready", "False", "EdgesNotReady", "no edges"), ("Drained", "False", "LastPop", "the last one")
)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (pop({"edge": {"replicas": 5}}), PopSample("fra", 5, {}, ready=0)),
        (pop({}, BEHIND), PopSample("fra", 3, {}, ("no edges",), lag=90.0, zones=4, ready=0)),
        (pop({"state": "Drained"}, DRAINED), PopSample("fra", 0, {}, zones=4, ready=0)),
        (
            pop({"state": "Drained"}, REFUSED),
            PopSample("fra", 3, {}, ("no edges", "the last one"), lag=90.0, zones=4, ready=0),
        ),
    ],
)
def test_a_pop_is_as_its_object_says(item: dict[str, Any], expected: PopSample) -> None:
    assert pop_sample(item, {}, None) == expected
