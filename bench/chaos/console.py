"""A console window without its browser: one socket on the centre's stream, and its model."""

from __future__ import annotations

import secrets
from typing import Any

from bench.chaos.feed import Feed, Wire
from bench.chaos.ledger import Ledger
from bench.chaos.model import Body, Change
from bench.chaos.people import Staff


class Console:
    """Notes in the ledger when it has each message. `origin` may be a relay's."""

    def __init__(
        self, staff: Staff, *, name: str, ledger: Ledger, origin: str = "", jitter: bool = True
    ) -> None:
        self.name = name
        self._ledger = ledger
        place = origin or staff.origin
        self.feed = Feed(
            Wire(
                f"{place.replace('http', 'ws', 1)}/ws/console/",
                place,
                {"stream": "centre", "centre": staff.centre, "boot": secrets.token_hex(8)},
                cookie=lambda: staff.cookies,
                jitter=jitter,
                on_changes=self._note,
            )
        )

    def _note(self, changes: list[Change]) -> None:
        for kind, _, body in changes:
            if kind == "chat" and body is not None:
                self._ledger.seen(body["text"], self.name)

    def differs(self, fresh: dict[str, Any], calls: set[str]) -> list[str]:
        """What of these calls is not as in a fresh snapshot; empty where all is."""
        model = self.feed.model
        theirs = {(item["kind"], item["id"]): item["body"] for item in fresh["items"]}
        own, right = of_calls(model.items, calls), of_calls(theirs, calls)
        found = [
            f"{kind} {key[:8]}"
            for kind, key in sorted(own.keys() | right.keys())
            if own.get((kind, key)) != right.get((kind, key))
        ]
        for value in fresh["latest"]:
            if value["body"] is None or value["body"].get("call") not in calls:
                continue
            mine = model.latest.get(value["key"])
            if mine is None or mine != (value["version"], value["body"]):
                found.append(value["key"])
        return found


def of_calls(items: dict[tuple[str, str], Body], calls: set[str]) -> dict[tuple[str, str], Body]:
    """The items that belong to these calls."""
    return {
        (kind, key): body
        for (kind, key), body in items.items()
        if (key if kind == "call" else body.get("call")) in calls
    }
