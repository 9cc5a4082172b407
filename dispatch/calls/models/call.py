"""One caller being helped by a centre."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models

from dispatch.centres.tenancy import Tenant, scoped

#: How long a closed call can be opened again by one click.
UNDO_CLOSE_FOR = timedelta(minutes=10)
#: A camera that nobody watches: longer than a reload of a console on a slow machine.
UNWATCHED_ALARM_AFTER = timedelta(seconds=15)
#: Time for a colleague to hear the alarm, look, and open the call.
UNWATCHED_STOP_AFTER = timedelta(seconds=60)


def default_asks() -> list[str]:
    return ["camera", "microphone", "position"]


class Call(Tenant):
    """The aggregate everything hangs on. Its row lock orders all changes of its card."""

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"

    class Media(models.TextChoices):
        NONE = "none"  # no camera was opened yet
        LIVE = "live"
        PAUSED = "paused"  # the page is hidden or its camera is interrupted
        STOPPED = "stopped"  # by the person, or because nobody watched (`unwatched_stop`)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=20)  # E.164
    language = models.CharField(max_length=12)
    asks = models.JSONField(default=default_asks)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_calls"
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=40, blank=True)
    generation = models.PositiveIntegerField(default=1)
    publisher = models.ForeignKey(
        "calls.Participant", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    publisher_since = models.DateTimeField(null=True)
    media = models.CharField(max_length=8, choices=Media.choices, default=Media.NONE)
    camera = models.BooleanField(default=False)
    microphone = models.BooleanField(default=False)
    #: Since when nobody of the staff has been in the room with a camera that is on.
    unwatched_since = models.DateTimeField(null=True)
    #: The consoles were alarmed about it.
    unwatched_alarm = models.BooleanField(default=False)
    #: The video was stopped because of it; a new tap clears this.
    unwatched_stop = models.BooleanField(default=False)
    is_test = models.BooleanField(default=False)

    objects: Any = scoped()

    class Meta:
        indexes = [
            models.Index(fields=["centre", "-opened_at"], name="call_by_centre"),
            models.Index(
                fields=["centre", "number"],
                condition=models.Q(state="open"),
                name="call_open_by_number",
            ),
        ]

    def __str__(self) -> str:
        return f"Call {str(self.id)[:8]}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def undo_until(self) -> Any:
        """Until when closing can be undone; None for an open call."""
        return self.closed_at + UNDO_CLOSE_FOR if self.closed_at else None

    def sent_by(self, publisher: Any, since: datetime | None) -> tuple[str, ...]:
        """Take this page (or none) as the one that sends; returns the names of what has changed.

        What the page before it sent, and whether somebody watched, says nothing about this one.
        """
        self.publisher, self.publisher_since = publisher, since
        self.media, self.camera, self.microphone = self.Media.NONE, False, False
        self.unwatched_since, self.unwatched_alarm, self.unwatched_stop = None, False, False
        return (
            *("publisher", "publisher_since", "media", "camera", "microphone"),
            *("unwatched_since", "unwatched_alarm", "unwatched_stop"),
        )

    @property
    def stream(self) -> str:
        """Name of the feed of the caller's side of this call."""
        return f"caller:{self.id}"
