"""A console's state, kept the way static/src/shared/model.ts keeps it."""

from __future__ import annotations

from typing import Any


class Model:
    """Applies a socket's messages; equal to another model when their items are equal."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.latest: dict[str, tuple[int, dict[str, Any]]] = {}
        self.epoch: str | None = None
        self.seq = -1
        self.seen: list[int] = []

    def apply(self, message: dict[str, Any]) -> None:
        kind = message["t"]
        if kind == "snapshot":
            self.items = {(item["kind"], item["id"]): item["body"] for item in message["items"]}
            self.latest = {}
            self.epoch, self.seq = message["epoch"], message["seq"]
            self._take_latest(message["latest"])
        elif kind == "entries":
            for entry in message["entries"]:
                assert entry["seq"] == self.seq + 1, f"gap: {self.seq} -> {entry['seq']}"
                self.seq = entry["seq"]
                self.seen.append(self.seq)
                key = (entry["kind"], entry["id"])
                if entry["body"] is None:
                    self.items.pop(key, None)
                else:
                    self.items[key] = entry["body"]
        elif kind in ("latest", "beat"):
            self._take_latest(message["latest"])

    def _take_latest(self, values: list[dict[str, Any]]) -> None:
        for value in values:
            if value["version"] > self.latest.get(value["key"], (-1, {}))[0]:
                self.latest[value["key"]] = (value["version"], value["body"])
