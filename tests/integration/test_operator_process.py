"""The whole operator, as a process of its own, on a real core and an API server."""

import time
from pathlib import Path

from support.waiting import wait_for

from bench.operator_changes import Changes
from bench.operator_fleets import running
from bench.operator_objects import Size, team

SECONDS = 30.0


def test_a_whole_operator_publishes_and_says_so(tmp_path: Path) -> None:
    with running(Size(3), tmp_path) as fleet:
        began = fleet.start()
        fleet.wait_for_all(began, SECONDS)
        changes = Changes(fleet, record_sets=True)
        delays = changes.delays([changes.make(), changes.make()])
        assert all(0 < each.seconds < SECONDS for each in delays)

        def propagated() -> bool:
            status = fleet.api.get("Zone", "zone-1", team(1)).get("status", {})
            found = {each["type"]: each["status"] for each in status.get("conditions", ())}
            return found.get("Propagated") == "True" and status["revision"]["seq"] == 2

        wait_for("the second revision everywhere", propagated, SECONDS)
        metadata = fleet.api.get("Zone", "zone-1", team(1))["metadata"]
        writers = {each["manager"] for each in metadata["managedFields"]}
        assert writers == {"kubectl", "dnsfleet"}
        assert fleet.cpu_between(began, time.monotonic()) > 0
