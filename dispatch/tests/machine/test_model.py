"""The Python reducer by the table of cases that the pages' own is held to as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dispatch.tests.machine.model import Model

TABLE = Path(__file__).parents[3] / "static/src/shared/model.cases.json"
CASES: list[dict[str, Any]] = json.loads(TABLE.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case: dict[str, Any]) -> None:
    model = Model()
    for message in case["messages"]:
        model.apply(message)
    assert model.state() == case["state"]
