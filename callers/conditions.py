"""What a caller's page says is not as it should be, besides permissions: a set of names.

Each appearance and each end is an event, so that the timeline explains the picture later.
"""

from __future__ import annotations

from callers import sessions
from callers.models import CallerSession
from dispatch.calls import events
from dispatch.calls.access import lock
from dispatch.calls.models import CallEvent

#: name → what the timeline says when it begins, and when it ends.
CONDITIONS = {
    "hidden": ("Page left, or phone locked", "Page is in front again"),
    "camera_paused": ("The phone paused the camera", "The camera goes on"),
    "picture_black": ("Picture is black", "Picture is not black any more"),
    "picture_frozen": ("The camera gives no new pictures", "The camera moves again"),
    "no_socket": (
        "Network blocks the live connection; asking every few seconds",
        "Live connection",
    ),
    "no_media": ("Network blocks video", "Video gets through"),
    "tcp": ("Video takes the slow way (TCP)", "Video takes the quick way (UDP)"),
    "no_webrtc": ("This browser cannot send video", "This browser can send video"),
}

events.WORDS.update({f"condition.{name}": begins for name, (begins, _) in CONDITIONS.items()})
events.WORDS.update({f"condition.{name}.over": over for name, (_, over) in CONDITIONS.items()})


def report(session: CallerSession, *, boot: str, names: list[str]) -> None:
    """The page's conditions as they are now. Unknown names (a newer page's) are left out.

    What an earlier page load says late changes nothing: it is over.
    """
    call = lock(session.call)
    session.refresh_from_db(fields=["conditions", "boot"])  # as it is under the lock
    if not sessions.speaks(session, call, boot):
        return
    now = sorted(set(names) & CONDITIONS.keys())
    before = set(session.conditions)
    if before == set(now):
        return
    session.conditions = now
    session.save(update_fields=["conditions"])
    for name in sorted(set(now) - before):
        events.record(call, f"condition.{name}", actor=CallEvent.Actor.CALLER)
    for name in sorted(before - set(now)):
        events.record(call, f"condition.{name}.over", actor=CallEvent.Actor.CALLER)
    sessions.announce(session)
