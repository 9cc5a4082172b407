"""Thousands of examples of the machine: rounds with a seed each, until the time is up.

Not collected by itself; `make soak` runs it. A round that fails says its seed.
"""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from dispatch.tests.machine.ground import Ground, ground
from dispatch.tests.machine.machine import Machine

EXAMPLES = 200
STEPS = 20


def test_rounds(request: pytest.FixtureRequest, capfd: Any) -> None:
    minutes = request.config.getoption("--soak-minutes")
    wanted = request.config.getoption("--soak-seed")
    until = time.monotonic() + minutes * 60
    rounds = 0
    with ground() as shared:
        Machine.ground = shared
        while rounds == 0 or (wanted is None and time.monotonic() < until):
            number = wanted if wanted is not None else random.SystemRandom().randrange(10**9)
            rounds += 1
            _round(shared, number, capfd)
        with capfd.disabled():
            print(  # noqa: T201
                f"soak: {rounds} rounds, {shared.examples} examples, {shared.steps} steps"
            )


def _round(shared: Ground, number: int, capfd: Any) -> None:
    began, examples, steps = time.monotonic(), shared.examples, shared.steps
    said = f"soak: seed {number}"
    try:
        run_state_machine_as_test(
            seed(number)(type("Machine", (Machine,), {})),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except BaseException:
        with capfd.disabled():
            print(f"{said} FAILED; again with: make soak ARGS='--seed {number}'")  # noqa: T201
        raise
    took = time.monotonic() - began
    with capfd.disabled():
        print(  # noqa: T201
            f"{said}: {shared.examples - examples} examples,"
            f" {shared.steps - steps} steps, {took:.0f} s"
        )
