"""How much memory the core of the chart may use."""

from typing import Any

import pytest
from cluster.access import CommandError
from support.charts import Values, the

MIB = 1024 * 1024


def maxmemory(render: Any, values: Values) -> int:
    """The limit in the configuration of the core, in octets."""
    text = the(render({"core": values}), "ConfigMap", "dnsfleet-core")["data"]["redis.conf"]
    lines = dict(line.split(" ", 1) for line in text.splitlines())
    assert lines["maxmemory-policy"] == "noeviction"
    return int(lines["maxmemory"])


def limited(memory: str | int | None) -> Values:
    return {"resources": {"limits": {"memory": memory}}}


@pytest.mark.parametrize(
    ("values", "octets"),
    [
        ({}, 1024 * MIB),
        (limited("384Mi"), 192 * MIB),
        (limited("1.5Gi"), 768 * MIB),
        (limited(4 * 1024**3), 2048 * MIB),
        (limited("3G"), 1_500_000_000),
        (limited(None), 0),
        ({"maxmemory": "700Mi"}, 700 * MIB),
        ({"maxmemory": 700 * MIB}, 700 * MIB),
        ({"maxmemory": 0}, 0),
        ({"maxmemory": "1Gi", **limited(None)}, 1024 * MIB),
    ],
)
def test_the_core_may_use_half_of_its_pod_or_what_is_given(
    render: Any, values: Values, octets: int
) -> None:
    assert maxmemory(render, values) == octets


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        (limited("256Mi"), "134217728 octets are too few .* a memory limit of 384Mi or more"),
        ({"maxmemory": "100Mi"}, "104857600 octets are too few"),
        ({"maxmemory": "3Gi"}, r"core\.maxmemory: it is more than core\.resources\.limits\.memory"),
        (limited("2e9"), "limits.memory: 2e9: give it in Ki, Mi, Gi or Ti"),
        ({"maxmemory": "half"}, "maxmemory"),
    ],
)
def test_memory_that_the_core_cannot_live_with_is_refused(
    render: Any, values: Values, refusal: str
) -> None:
    with pytest.raises(CommandError, match=refusal):
        render({"core": values})
