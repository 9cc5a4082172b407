"""One stream in this process: its sockets, how far they were served, and what came too early."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from dispatch.feed.pace import Pace
from dispatch.feed.packets import Message, Packet

#: Entries that wait for one before them. More are left to be read from the database.
EARLY_LIMIT = 1_000


class Receiver(Protocol):
    """A socket as the bus sees it: somewhere to put messages, never to wait."""

    def offer(self, packet: Packet) -> None: ...

    def resync(self) -> None: ...


class Flow:
    """Gives a stream's entries to its sockets in order, each once.

    Hints come in any order, late, twice or not at all. What comes next is passed on, what comes
    early waits, what was passed on already is dropped. `delivered` is the last sequence passed
    on, None until the head was read; a socket that registers and reads its state only then can
    miss nothing.
    """

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.receivers: set[Receiver] = set()
        self.acked = asyncio.Event()  # Redis sends us what is published
        self.healing = asyncio.Lock()
        self.epoch: str | None = None  # of the database that its sockets read their state in
        self.delivered: int | None = None
        self.pace = Pace(self._tell_latest)
        self._early: dict[int, Message] = {}

    @property
    def gap(self) -> bool:
        """Entries wait for one that has not come."""
        return self.delivered is not None and bool(self._early)

    def begin(self, epoch: str, head: int) -> None:
        """Everything up to here is in the state that sockets read for themselves."""
        if self.delivered is None:
            self.epoch, self.delivered = epoch, head
            self.take(())

    def take(self, entries: Iterable[Message]) -> None:
        """Entries from a hint or from the database."""
        ready: list[Message] = []
        for entry in entries:
            seq = entry["seq"]
            if self.delivered is not None and seq <= self.delivered:
                continue
            if self.delivered is None or seq > self.delivered + 1:
                if len(self._early) < EARLY_LIMIT:
                    self._early[seq] = entry
                continue
            self._pass_on(entry, ready)
        if self.delivered is not None:
            known = self.delivered
            self._early = {seq: entry for seq, entry in self._early.items() if seq > known}
            if waited := self._early.pop(known + 1, None):
                self._pass_on(waited, ready)
        if ready:
            self.tell(Packet({"t": "entries", "entries": ready}))

    def _pass_on(self, entry: Message, ready: list[Message]) -> None:
        """This one is next, and with it those that waited for it."""
        following: Message | None = entry
        while following is not None:
            ready.append(following)
            self.delivered = following["seq"]
            following = self._early.pop(following["seq"] + 1, None)

    def start_over(self, head: int) -> None:
        """What lies between cannot be had: every socket takes a fresh snapshot."""
        self._early.clear()
        self.delivered = head
        self.pace.forget()
        for receiver in list(self.receivers):
            receiver.resync()

    def tell(self, packet: Packet) -> None:
        """Give all sockets the same message."""
        for receiver in list(self.receivers):
            receiver.offer(packet)

    def _tell_latest(self, values: list[Message]) -> None:
        self.tell(Packet({"t": "latest", "latest": values}))
