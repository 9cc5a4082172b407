"""What a stream says is so: static/src/shared/model.ts in Python."""

from __future__ import annotations

from typing import Any, TypeAlias

Body: TypeAlias = "dict[str, Any]"
Message: TypeAlias = "dict[str, Any]"
#: Kind, id and body of an item that is now different; None: it is gone.
Change: TypeAlias = "tuple[str, str, Body | None]"


class Model:
    """Applies a stream's messages; `gap` says that entries are missing."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Body] = {}
        self.latest: dict[str, tuple[int, Body]] = {}
        self.epoch: str | None = None
        self.seq = 0
        self.gap = False
        self._head = 0  # the stream's last number, as the last heartbeat gave it

    def apply(self, message: Message) -> list[Change]:
        """Take one message and tell which items changed."""
        kind = message["t"]
        if kind == "snapshot":
            return self._restart(message)
        if kind == "entries":
            return self._append(message["entries"])
        if kind == "beat":
            # A gap, if what was the head a whole heartbeat ago has still not come.
            self.gap = self.gap or self.seq < self._head
            self._head = message["seq"]
        self._renew(message["latest"])
        return []

    def of(self, kind: str) -> dict[str, Body]:
        """The items of one kind, by id."""
        return {key: body for (found, key), body in self.items.items() if found == kind}

    def _restart(self, message: Message) -> list[Change]:
        before = self.items
        self.items = {(item["kind"], item["id"]): item["body"] for item in message["items"]}
        gone: list[Change] = [(*key, None) for key in before if key not in self.items]
        keys = {value["key"] for value in message["latest"]}
        # In another epoch (a restored database) versions start again: keep nothing.
        same = message["epoch"] == self.epoch
        self.latest = {k: v for k, v in self.latest.items() if same and k in keys}
        self._renew(message["latest"])
        self.epoch, self.seq, self._head = message["epoch"], message["seq"], message["seq"]
        self.gap = False
        return gone + [(*key, body) for key, body in self.items.items()]

    def _append(self, entries: list[dict[str, Any]]) -> list[Change]:
        changes: list[Change] = []
        for entry in entries:
            if entry["seq"] <= self.seq:
                continue
            if entry["seq"] > self.seq + 1:
                self.gap = True
                break
            self.seq = entry["seq"]
            kind, key, body = entry["kind"], entry["id"], entry["body"]
            if body is None:
                self.items.pop((kind, key), None)
            else:
                self.items[kind, key] = body
            changes.append((kind, key, body))
        return changes

    def _renew(self, values: list[dict[str, Any]]) -> None:
        for value in values:
            key, version, body = value["key"], value["version"], value["body"]
            known = self.latest.get(key)
            if known and version <= known[0]:
                continue
            if body is None:
                self.latest.pop(key, None)
            else:
                self.latest[key] = (version, body)
