"""What a page makes of a stream's messages: the reducer of static/src/shared/model.ts in Python.

Both are held to static/src/shared/model.cases.json.
"""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]


class Model:
    """Items by kind and id, last values by key, and whether an entry was missed."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Body]] = {}
        self.latest: dict[str, dict[str, Any]] = {}
        self.epoch: str | None = None
        self.seq = 0
        self.gap = False
        self._head = 0

    def apply(self, message: dict[str, Any]) -> None:
        """Take one state message in."""
        kind = message["t"]
        if kind == "snapshot":
            self._restart(message)
        elif kind == "entries":
            self._append(message["entries"])
        elif kind == "latest":
            self._renew(message["latest"])
        elif kind == "beat":
            if self.seq < self._head:
                self.gap = True
            self._head = message["seq"]
            self._renew(message["latest"])

    def state(self) -> dict[str, Any]:
        """The state as plain data."""
        return {
            "epoch": self.epoch,
            "seq": self.seq,
            "gap": self.gap,
            "items": self.items,
            "latest": self.latest,
        }

    def _restart(self, message: dict[str, Any]) -> None:
        self.items = {}
        for item in message["items"]:
            self._put(item)
        keys = {value["key"] for value in message["latest"]}
        same = message["epoch"] == self.epoch
        self.latest = {key: known for key, known in self.latest.items() if same and key in keys}
        self._renew(message["latest"])
        self.epoch, self.seq = message["epoch"], message["seq"]
        self._head, self.gap = message["seq"], False

    def _append(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            if entry["seq"] <= self.seq:
                continue
            if entry["seq"] > self.seq + 1:
                self.gap = True
                return
            self.seq = entry["seq"]
            self._put(entry)

    def _put(self, item: dict[str, Any]) -> None:
        bodies = self.items.setdefault(item["kind"], {})
        if item["body"] is None:
            bodies.pop(item["id"], None)
        else:
            bodies[item["id"]] = item["body"]
        if not bodies:
            del self.items[item["kind"]]

    def _renew(self, values: list[dict[str, Any]]) -> None:
        for value in values:
            known = self.latest.get(value["key"])
            if known and value["version"] <= known["version"]:
                continue
            if value["body"] is None:
                self.latest.pop(value["key"], None)
            else:
                self.latest[value["key"]] = {"version": value["version"], "body": value["body"]}
