"""A fleet under any order of changes and faults.

At every moment: where the operator says that a revision is propagated, every edge of the Pop
answers it. And once faults end, all edges answer what is desired within a few rounds, and the
operator says so.

Rules and fleet are in `support.fleet_models`. `make test` takes STEPS steps from another seed every
time; `make model STEPS=1000000 SEED=7` takes more of them, or the same again. A failure is not
reduced unless MODEL_SHRINK is set, because that takes minutes.
"""

import os
import secrets

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import invariant, run_state_machine_as_test
from support.fleet_models.key_rules import FleetRules

STEPS = int(os.environ.get("MODEL_STEPS") or 50_000)
STEPS_OF_A_RUN = 50
"""Then faults end, and all must become equal."""


class FleetMachine(FleetRules):
    @invariant()
    def what_is_said_to_be_live_is_live(self) -> None:
        self.fleet.clocks.now += 1.0
        self.fleet.check()

    def teardown(self) -> None:
        self.fleet.settle()


@pytest.mark.timeout(300 + STEPS // 100)  # some ten times what they take
def test_what_is_said_to_be_live_is_live() -> None:
    number = int(os.environ.get("MODEL_SEED") or secrets.randbelow(2**32))
    print(f"{STEPS} steps, MODEL_SEED={number}")
    reducing = [Phase.shrink] if os.environ.get("MODEL_SHRINK") else []
    run_state_machine_as_test(
        seed(number)(FleetMachine),
        settings=settings(
            max_examples=STEPS // STEPS_OF_A_RUN,
            stateful_step_count=STEPS_OF_A_RUN,
            deadline=None,
            database=None,
            phases=[Phase.generate, *reducing],
            suppress_health_check=list(HealthCheck),
        ),
    )
