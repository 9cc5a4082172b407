"""The demo centre: made once, with passwords that are told once."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from dispatch.calls.models import MediaNode
from dispatch.centres.models import Centre, User

KEYS = {"key-one": "s" * 40, "key-two": "t" * 40}


def told(command: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(command, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue().strip().splitlines()[-1])
    return answer


@pytest.fixture(autouse=True)
def _development(settings: Any) -> None:
    settings.DEVELOPMENT, settings.LIVEKIT_KEYS = True, KEYS


def signs_in(account: dict[str, str]) -> bool:
    fields = {"login": account["email"], "password": account["password"]}
    return Client().post("/account/login/", fields).status_code == 302


def test_seeding_twice_makes_one_demo_centre(settings: Any) -> None:
    told("seed_demo")
    settings.LIVEKIT_URL = "ws://127.0.0.1:7999"
    assert told("seed_demo") == {
        "dispatcher": {"email": "dispatcher@demo.example", "password": None},
        "administrator": {"email": "admin@demo.example", "password": None},
    }
    centre = Centre.objects.get(slug="demo")
    assert (centre.name, centre.country, centre.languages) == ("Demo 911", "US", ["en", "es", "ar"])
    assert centre.location
    assert (centre.location.y, centre.location.x) == (41.3083, -72.9279)
    node = MediaNode.objects.get(name="local")
    assert (node.url, node.api_key) == ("ws://127.0.0.1:7999", "key-one")
    administrator = User.objects.get(email="admin@demo.example")
    assert (administrator.is_staff, administrator.is_superuser) == (True, False)


def test_new_passwords_replace_the_old() -> None:
    told("seed_demo")
    first, second = told("set_demo_passwords"), told("set_demo_passwords")
    for part in ("dispatcher", "administrator"):
        assert first[part]["password"] != second[part]["password"]
        assert signs_in(second[part])
        assert not signs_in(first[part])


@pytest.mark.parametrize("command", ["seed_demo", "set_demo_passwords"])
def test_there_is_no_demo_outside_development(settings: Any, command: str) -> None:
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="development only"):
        call_command(command)


def test_a_missing_key_is_a_clear_line(settings: Any) -> None:
    settings.LIVEKIT_KEYS = {}
    with pytest.raises(CommandError, match="LIVEKIT_KEYS"):
        call_command("seed_demo")
