"""What may be said to a caller's page: an allow-list, and what must never stand in it."""

from __future__ import annotations

import json
from typing import Any

FIELDS = {
    "call": {"id", "state", "generation", "publisher", "asks", "centre", "undo_until"},
    "chat": {"id", "from", "text", "at", "key"},
    "request": {"id", "what", "at"},
    "link": {"id", "state"},
}


class Leak(AssertionError):
    """A caller's page was told what is not for it."""


def check_message(text: str, *, secrets: list[str]) -> None:
    """A message of the caller's stream. Raises Leak."""
    check_text(text, secrets=secrets)
    message = json.loads(text)
    for item in [*message.get("items", ()), *message.get("entries", ())]:
        body: dict[str, Any] = item["body"] or {}
        if item["kind"] not in FIELDS or not body.keys() <= FIELDS[item["kind"]]:
            raise Leak(f"{item['kind']}: {sorted(body)}")
        if item["kind"] == "call" and set(body["centre"]) != {"name"}:
            raise Leak(f"centre: {sorted(body['centre'])}")
    if message.get("latest"):
        raise Leak(f"last values: {text}")


def check_text(text: str, *, secrets: list[str]) -> None:
    """Anything a caller's page is told. Raises Leak."""
    for secret in secrets:
        if secret in text:
            raise Leak(f"{secret!r} in {text}")
