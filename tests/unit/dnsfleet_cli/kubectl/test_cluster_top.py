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


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (pop({"edge": {"replicas": 5}}), PopSample("fra", 5, {}, ready=0)),
        (pop({}, BEHIND), PopSample("fra", 3, {}, ("no edges",), lag=90.0, zones=4, ready=0)),
        (pop({"state": "Drained"}, BEHIND), PopSample("fra", 0, {}, zones=4, ready=0)),
    ],
)
def test_a_pop_is_as_its_object_says(item: dict[str, Any], expected: PopSample) -> None:
    assert pop_sample(item, {}, None) == expected
