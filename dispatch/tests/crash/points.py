"""The places to be killed at, by name. `arm` wraps the function there; nothing else knows of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

#: The variables that name the place, and what to do there, read in this build only.
VARIABLE = "CRASH_AT"
HOW = "CRASH_HOW"
#: Not to die there, but to stand still until somebody says go on.
STAND_STILL = "stand still"

#: In a web process, for sending and for closing alike.
WEB = ("web.before_commit", "web.after_commit", "web.after_publish")
#: In a worker that sends a text.
TEXT = (
    "text.claimed",
    "text.before_call",
    "text.calling",
    "text.accepted",
    "text.recorded",
    "text.unknown",
)
#: In a worker that deletes the room of a closed call.
ROOM = ("room.claimed", "room.deleted", "room.recorded")


def die() -> None:
    """As kill -9 does; or stand still there, once."""
    still = os.environ.get(HOW) == STAND_STILL
    if still and os.environ.pop(VARIABLE, None) is None:
        return
    # To this very thread: sent to the process, another one may take it, and this one runs on
    # for as long as a request needs to leave.
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP if still else signal.SIGKILL)


def arm() -> None:
    """Die at the place that the environment names, the first time it is reached."""
    name = os.environ.get(VARIABLE, "")
    if not name:
        return
    from callers import invites
    from callers.sms import gateway
    from dispatch.calls import livekit, rooms
    from dispatch.feed import unit
    from dispatch.outbox import handlers, nudge

    def wrap(owner: Any, attribute: str, *, before: bool) -> None:
        setattr(owner, attribute, _dying(getattr(owner, attribute), before=before))

    def wrap_handler(kind: str, field: str, *, before: bool) -> None:
        handler = handlers.get(kind)
        changed: dict[str, Any] = {field: _dying(getattr(handler, field), before=before)}
        handlers.register(kind, replace(handler, **changed))

    places: dict[str, Callable[[], None]] = {
        # The last thing before COMMIT, with every row and entry written.
        "web.before_commit": lambda: wrap(unit, "_flush", before=False),
        # The first thing after it.
        "web.after_commit": lambda: wrap(nudge, "nudge", before=True),
        "web.after_publish": lambda: wrap(nudge, "_send", before=False),
        "text.claimed": lambda: wrap_handler("callers.text", "carry", before=True),
        "text.before_call": lambda: wrap(invites, "calling", before=True),
        "text.calling": lambda: wrap(invites, "calling", before=False),
        "text.accepted": lambda: wrap(gateway.Provider, "send", before=False),
        "text.recorded": lambda: wrap_handler("callers.text", "carry", before=False),
        # After the text was called unknown, before its row says so.
        "text.unknown": lambda: wrap_handler("callers.text", "lost", before=False),
        "room.claimed": lambda: wrap_handler(rooms.DELETE, "carry", before=True),
        "room.deleted": lambda: wrap(livekit, "delete_room", before=False),
        "room.recorded": lambda: wrap_handler(rooms.DELETE, "carry", before=False),
    }
    if name not in places:
        raise ValueError(f"{VARIABLE}={name} names no place")
    places[name]()


def _dying(function: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if before:
            die()
        result = function(*args, **kwargs)
        die()
        return result

    return wrapped
