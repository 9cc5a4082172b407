"""Two hundred examples of the machine, the same ones each time; `make soak` draws others."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from dispatch.tests.machine.ground import ground
from dispatch.tests.machine.machine import Machine

EXAMPLES = 200
STEPS = 14


def test_nothing_acknowledged_is_ever_lost() -> None:
    with ground() as shared:
        Machine.ground = shared
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        assert shared.examples >= EXAMPLES, f"only {shared.examples} examples held to their end"
