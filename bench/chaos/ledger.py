"""Every item that was made: when, whether it was acknowledged, and who has seen it since."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

#: A message that takes longer than this from its writing to a console is late (seconds), or
#: longer than so many times what the slowest took before the fault: a machine may be slow. But
#: never more than this.
PROMPT, TIMES_CALM, PROMPT_AT_MOST = 0.5, 2.0, 1.0


@dataclass
class Item:
    """One message or fix. `by`: who made it, "staff" for a dispatcher; times are monotonic."""

    mark: str
    kind: str
    call: str
    by: str
    made: float = field(default_factory=time.monotonic)
    acked: float | None = None
    refused: str = ""
    #: How often it was told to come again later.
    throttled: int = 0
    seen: dict[str, float] = field(default_factory=dict)


class Ledger:
    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.prompt = PROMPT

    def make(self, kind: str, *, mark: str, call: str, by: str) -> Item:
        item = Item(mark, kind, call, by)
        self.items[mark] = item
        return item

    def seen(self, mark: str, by: str) -> None:
        """A console has it now; only the first time counts."""
        item = self.items.get(mark)
        if item is not None:
            item.seen.setdefault(by, time.monotonic())

    def of(self, kind: str) -> list[Item]:
        return [item for item in self.items.values() if item.kind == kind]

    @property
    def acked(self) -> list[Item]:
        return [item for item in self.items.values() if item.acked is not None]

    def open(self) -> list[Item]:
        """Neither acknowledged nor refused yet."""
        return [item for item in self.items.values() if item.acked is None and not item.refused]

    def spoken(self) -> list[Item]:
        """Callers' messages: the page sends them by itself until they are acknowledged, and every
        one is to be seen, so they tell how late the system is."""
        return [item for item in self.of("chat") if item.by != "staff"]

    def late(self, viewers: set[str], *, since: float, until: float) -> float:
        """When the last late message was seen by the last viewer, in seconds after `since`.

        Counted are sights in that time, of messages that were late; 0 for none.
        One that was never seen counts as seen at the end.
        """
        last = since
        for item in self.spoken():
            if item.refused:
                continue
            for viewer in viewers:
                at = item.seen.get(viewer, until)
                if since < at <= until and at - max(item.made, since) > self.prompt:
                    last = max(last, at)
        return last - since

    def slowest(self, viewers: set[str], *, since: float) -> float:
        """Seconds the slowest message made since then took to the last viewer."""
        took = [
            item.seen[viewer] - item.made
            for item in self.spoken()
            for viewer in viewers & item.seen.keys()
            if item.made >= since
        ]
        return max(took, default=0.0)

    def learn(self, viewers: set[str], *, since: float) -> float:
        """Take the time since then as calm; what its slowest message took."""
        slow = self.slowest(viewers, since=since)
        self.prompt = min(PROMPT_AT_MOST, max(PROMPT, TIMES_CALM * slow))
        return slow

    def times(self, viewers: set[str], *, since: float, until: float) -> list[float]:
        """From each message's writing to each viewer, for those made in that time."""
        return [
            item.seen[viewer] - item.made
            for item in self.spoken()
            for viewer in viewers & item.seen.keys()
            if since <= item.made < until
        ]
