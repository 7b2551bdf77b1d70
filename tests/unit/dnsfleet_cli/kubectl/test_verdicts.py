"""When `kubectl dnsfleet wait` and `drain --wait` end, and with which words."""

from typing import Any

import pytest
from dnsfleet_cli.kubectl import verdicts
from support.cluster_objects import condition, pop, zone

ACCEPTED = condition("Accepted", "True", "Valid")


@pytest.mark.parametrize(
    ("generation", "conditions", "done", "text"),
    [
        (1, [], None, "is not live everywhere: the operator has not looked at it yet"),
        (
            1,
            [ACCEPTED, condition("Propagated", "True")],
            True,
            "is live with serial 7 at 3/3 Pops",
        ),
        (
            2,
            [ACCEPTED, condition("Propagated", "True")],
            None,
            "is not live everywhere: the operator has not looked at it yet",
        ),
        (
            1,
            [ACCEPTED, condition("Propagated", "False", "PopUnreachable", "fra does not answer")],
            None,
            "is not live everywhere: fra does not answer [PopUnreachable]",
        ),
        (
            1,
            [condition("Accepted", "False", "UnsafePlan", "removes all 12 RRsets")],
            False,
            "is not accepted: removes all 12 RRsets [UnsafePlan]",
        ),
        (
            1,
            [condition("Accepted", "False", "UnsafePlacement"), condition("Propagated", "True")],
            True,
            "is live with serial 7 at 3/3 Pops",
        ),
        (
            2,
            [condition("Accepted", "False", "UnsafePlan", "of the spec before")],
            None,
            "is not live everywhere: the operator has not looked at it yet",
        ),
    ],
)
def test_a_zone_is_live_when_it_is_propagated_as_it_is_now(
    generation: int, conditions: list[Any], done: bool | None, text: str
) -> None:
    status = {"serial": 7, "propagation": {"text": "3/3"}, "conditions": conditions}
    verdict = verdicts.propagation(zone("example-com", generation=generation, status=status))
    assert verdict == (done, f"zone/default/example-com {text}")


@pytest.mark.parametrize(
    ("conditions", "done", "text"),
    [
        ([], None, "is not drained yet: the operator has not looked at it yet"),
        ([condition("Drained", "True", "Drained")], True, "is drained"),
        (
            [condition("Drained", "False", "Draining", "2 edges still run")],
            None,
            "is not drained yet: 2 edges still run [Draining]",
        ),
        (
            [condition("Drained", "False", "LastActivePop", "the only Pop of example.com.")],
            False,
            "is not drained: the only Pop of example.com. [LastActivePop]",
        ),
        (
            [condition("Drained", "True", generation=0)],
            None,
            "is not drained yet: the operator has not looked at it yet",
        ),
    ],
)
def test_a_pop_is_drained_when_its_edges_have_stopped(
    conditions: list[Any], done: bool | None, text: str
) -> None:
    verdict = verdicts.drain(pop("fra", status={"conditions": conditions}))
    assert verdict == (done, f"pop/fra {text}")
