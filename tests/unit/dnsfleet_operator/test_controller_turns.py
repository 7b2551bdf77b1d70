"""What the controller's thread takes first, turn by turn."""

from typing import Any, cast

import pytest
from dnsfleet_operator.configuration import from_environment
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.leading.dependencies import Dependencies, Work
from dnsfleet_operator.leading.terms import PREPARATION, PROOF, SYNC, ZONES
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.work_queue import Key
from support.controlled_fleets import NAMESPACE
from support.memory_clusters import MemoryCluster

PASSES = 3
"""Passes until no zone waits any more."""


class TermOfPasses:
    """Notes what it is asked for; its zones take some passes."""

    def __init__(self, controller: Controller) -> None:
        self._keys = controller._keys
        self.looks, self.pending = self, False
        self.told: list[str] = []

    def reconcile(self, key: Key) -> bool:
        self.told.append(key.kind)
        if key == ZONES and self.told.count(key.kind) < PASSES:
            self._keys.add(ZONES)
        return True

    def look(self) -> None:
        self.told.append("look")


def _begin(_: Dependencies) -> Work:
    raise AssertionError("the term of the test is there already")


@pytest.mark.parametrize("parts", [[PROOF], [SYNC, PREPARATION]])
def test_zones_come_before_looks_and_looks_before_parts(parts: list[Key]) -> None:
    configuration = from_environment(
        {
            "DNSFLEET_NAMESPACE": NAMESPACE,
            "POD_NAME": "operator-1",
            "DNSFLEET_EDGE_IMAGE": "edge",
            "DNSFLEET_CORE_HOST": "127.0.0.1",
        }
    )
    controller = Controller(MemoryCluster(), configuration, _begin, Metrics(), lambda: True)
    term = TermOfPasses(controller)
    controller._term = cast(Any, term)
    for key in (*parts, ZONES):
        controller._keys.add(key)
    while len(term.told) <= PASSES + len(parts):
        controller._turn()
    assert term.told[: PASSES + 1] == ["Zone"] * PASSES + ["look"]
    assert term.told[PASSES + 1] == parts[0].kind
