"""The console's socket: the feed of one centre."""

from __future__ import annotations

from typing import Any

from dispatch.centres.access import centre_for, scope
from dispatch.console import snapshot
from dispatch.errors import DomainError
from dispatch.feed import replay
from dispatch.feed.socket import Audience, FeedSocket, Hello


class ConsoleSocket(FeedSocket):
    """One console window of a signed-in person."""

    def admit(self, hello: Hello) -> Audience:
        user = self.scope["user"]
        if not user.is_authenticated:
            raise DomainError("Your session is over. Sign in again.", code="signed_out")
        centre = centre_for(user, hello.centre)

        def catch_up(epoch: str | None, last_seq: int | None) -> dict[str, Any]:
            with scope(centre, snapshot=True):
                return replay.catch_up(
                    centre.stream, known_epoch=epoch, last_seq=last_seq, build=snapshot.items
                )

        return Audience(centre.stream, catch_up)
