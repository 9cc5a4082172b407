"""Whoever may not listen any more is found out within a minute, with a few queries for all.

People sign out, are deactivated, leave a centre; links are revoked. Not all of it reaches an open
socket by itself, so each process asks for all of its sockets at once, again and again. And for a
socket that has just caught up: the entry that would have ended it may be one that it passed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import structlog

from dispatch.feed.threads import in_thread

if TYPE_CHECKING:
    from dispatch.feed.socket import FeedSocket

log = structlog.get_logger(__name__)

#: Seconds between rounds; sockets must close within 60.
EVERY_S = 25.0


class _Rounds:
    """The sockets of one event loop, by class, and the task that goes through them."""

    def __init__(self) -> None:
        self.sockets: dict[type[FeedSocket], set[FeedSocket]] = {}
        self.task: asyncio.Task[None] | None = None
        self.hurried: set[FeedSocket] = set()
        self.hurry: asyncio.Task[None] | None = None

    async def walk(self) -> None:
        while any(self.sockets.values()):
            await asyncio.sleep(EVERY_S)
            for kind, sockets in list(self.sockets.items()):
                await self._look(kind, list(sockets))
        self.task = None

    async def hasten(self) -> None:
        # Who comes while one look is under way shares the next: a thousand may come at once.
        while self.hurried:
            waiting, self.hurried = self.hurried, set()
            for kind in {type(socket) for socket in waiting}:
                await self._look(kind, [socket for socket in waiting if type(socket) is kind])
        self.hurry = None

    async def _look(self, kind: type[FeedSocket], sockets: Sequence[FeedSocket]) -> None:
        if not sockets:
            return
        try:
            refused = await in_thread(kind.refused, sockets)
        except Exception as problem:  # noqa: BLE001 (the next round asks again)
            log.warning("feed_recheck_failed", problem=type(problem).__name__)
            return
        for socket, why in refused.items():
            # Who has signed in again meanwhile is let in when the page comes back; everyone
            # else is refused there, for good.
            socket.end(why, retry=why.code == "signed_out")


_rounds: WeakKeyDictionary[asyncio.AbstractEventLoop, _Rounds] = WeakKeyDictionary()


def _here() -> _Rounds:
    return _rounds.setdefault(asyncio.get_running_loop(), _Rounds())


def enter(socket: FeedSocket) -> None:
    """Ask about this socket from now on."""
    rounds = _here()
    rounds.sockets.setdefault(type(socket), set()).add(socket)
    if rounds.task is None or rounds.task.done():
        rounds.task = asyncio.get_running_loop().create_task(rounds.walk())


def soon(socket: FeedSocket) -> None:
    """Ask about this socket now, beside the rounds."""
    rounds = _here()
    rounds.hurried.add(socket)
    if rounds.hurry is None or rounds.hurry.done():
        rounds.hurry = asyncio.get_running_loop().create_task(rounds.hasten())


def leave(socket: Any) -> None:
    """Ask no more."""
    rounds = _here()
    rounds.sockets.get(type(socket), set()).discard(socket)
    rounds.hurried.discard(socket)
