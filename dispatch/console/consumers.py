"""The console's socket: the feed of one centre."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Self

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from dispatch.centres import access
from dispatch.centres.access import centre_for, scope
from dispatch.centres.models import Centre
from dispatch.centres.permissions import Action
from dispatch.console import snapshot
from dispatch.errors import DomainError
from dispatch.feed import replay
from dispatch.feed.listener import Audience
from dispatch.feed.socket import FeedSocket, Hello


class ConsoleSocket(FeedSocket):
    """One console window of a signed-in person."""

    sign_in: access.SignIn
    centre: Centre

    def admit(self, hello: Hello) -> Audience:
        # Here and not in a middleware, whose look-ups of all sockets would share one thread.
        request = HttpRequest()
        sessions: Any = import_module(settings.SESSION_ENGINE)
        request.session = sessions.SessionStore(self.cookie(settings.SESSION_COOKIE_NAME))
        user = get_user(request)
        if not user.is_authenticated:
            raise access.SignedOut
        self.centre = centre = centre_for(user, hello.centre, Action.CALLS_READ)
        self.sign_in = access.SignIn(str(request.session.session_key), user.pk)

        def catch_up(epoch: str | None, last_seq: int | None) -> dict[str, Any]:
            with scope(centre, snapshot=True):
                return replay.catch_up(
                    centre.stream, known_epoch=epoch, last_seq=last_seq, build=snapshot.items
                )

        return Audience(centre.stream, catch_up)

    @classmethod
    def refused(cls, sockets: Sequence[Self]) -> dict[Self, DomainError]:
        still = access.still_in({(socket.sign_in, socket.centre.pk) for socket in sockets})
        found = {socket: still[socket.sign_in, socket.centre.pk] for socket in sockets}
        return {socket: why for socket, why in found.items() if why is not None}
