"""Checks of the settings: wrong ones are found, each with a remedy."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from dispatch import checks

GOOD = {
    "DEVELOPMENT": False,
    "LIVEKIT_KEYS": {"key": "s" * 32},
    "SMS_PROVIDER": "console",
    "SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789" * 2,
    "PUBLIC_ORIGIN": "https://sightline.example.org",
}


def found(settings: Any, **changes: Any) -> list[str]:
    for name, value in (GOOD | changes).items():
        setattr(settings, name, value)
    problems = [
        problem
        for check in (
            checks.livekit_keys,
            checks.text_provider,
            checks.secret_key,
            checks.public_origin,
        )
        for problem in check(None)
    ]
    for problem in problems:
        assert problem.hint
        for secret in settings.LIVEKIT_KEYS.values():
            assert secret not in f"{problem.msg}{problem.hint}"
    return [str(problem.id) for problem in problems]


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({}, ["sightline.I001"]),
        ({"LIVEKIT_KEYS": {}}, ["sightline.E001", "sightline.I001"]),
        ({"LIVEKIT_KEYS": {"key": "t0o-brief"}}, ["sightline.E002", "sightline.I001"]),
        ({"SMS_PROVIDER": "pigeon"}, ["sightline.E003"]),
        ({"SMS_PROVIDER": "demo"}, ["sightline.E004"]),
        ({"SECRET_KEY": "short"}, ["sightline.I001", "sightline.E005"]),
        ({"SECRET_KEY": "a" * 60}, ["sightline.I001", "sightline.E005"]),
        ({"PUBLIC_ORIGIN": "http://example.org"}, ["sightline.I001", "sightline.E006"]),
        (
            {
                "DEVELOPMENT": True,
                "SMS_PROVIDER": "demo",
                "SECRET_KEY": "short",
                "PUBLIC_ORIGIN": "http://localhost",
            },
            [],
        ),
    ],
)
def test_what_is_wrong_is_found(settings: Any, changes: dict[str, Any], ids: list[str]) -> None:
    assert found(settings, **changes) == ids


def test_manage_py_check_asks_them(settings: Any) -> None:
    settings.LIVEKIT_KEYS = {}
    assert "sightline.E001" in {problem.id for problem in run_checks()}
