"""LiveKit as Django sees it: nodes, rooms by generation, who sits in them."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from dispatch.calls.models.call import Call
from dispatch.centres.tenancy import Tenant, scoped


def new_name() -> str:
    """128 random bits: a room's name, never used twice and never guessed."""
    return secrets.token_urlsafe(16)


class MediaNode(models.Model):
    """One LiveKit server. Belongs to the installation, so it has no centre.

    Its API secret is in the environment (LIVEKIT_KEYS) under `api_key`, not in this row.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "In use"
        DRAINING = "draining", "Draining: takes no new calls"
        OFF = "off", "Off"

    name = models.CharField(max_length=40, unique=True)
    region = models.CharField(max_length=40, blank=True)
    url = models.CharField(
        "signalling address", max_length=200, help_text="What browsers connect to: wss://…"
    )
    api_url = models.CharField(
        "API address", max_length=200, help_text="What this server connects to: http(s)://…"
    )
    api_key = models.CharField(
        "API key", max_length=60, help_text="Its secret is read from LIVEKIT_KEYS."
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    up = models.BooleanField("answers", default=True)
    changed_at = models.DateTimeField("since", auto_now_add=True)  # of `up`
    checked_at = models.DateTimeField(null=True, blank=True)
    rooms = models.PositiveIntegerField("rooms now", default=0)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Switching a node on or off is a change that consoles must hear of."""
        if self.pk and MediaNode.objects.filter(pk=self.pk).exclude(state=self.state).exists():
            self.changed_at = timezone.now()
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "changed_at"}
        super().save(*args, **kwargs)


class Room(Tenant):
    """The room of one generation of a call, on exactly one node."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="rooms")
    generation = models.PositiveIntegerField()
    name = models.CharField(max_length=40, unique=True, default=new_name)
    node = models.ForeignKey(MediaNode, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    #: The node confirmed it at least once.
    made_at = models.DateTimeField(null=True)
    #: We left it: it must never be made again under this name.
    ended_at = models.DateTimeField(null=True)
    #: The node confirmed its end.
    deleted_at = models.DateTimeField(null=True)

    objects: Any = scoped()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "generation"], name="room_once"),
        ]


class Participant(Tenant):
    """One page load (`boot`) of a caller session or a dispatcher, with its own identity."""

    class Kind(models.TextChoices):
        CALLER = "caller"
        STAFF = "staff"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="participants")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    session = models.UUIDField(null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    boot = models.CharField(max_length=40)
    identity = models.CharField(max_length=60, unique=True)
    #: Generation it last took a seat in.
    generation = models.PositiveIntegerField(default=0)
    seated_at = models.DateTimeField(null=True)
    tapped_at = models.DateTimeField(null=True)
    #: Lost its warm seat to newer pages; a seat or a tap takes it back.
    put_out_at = models.DateTimeField(null=True)
    #: LiveKit's id of its present connection; empty while it is not in the room.
    sid = models.CharField(max_length=40, blank=True)
    #: The last connection that ended: a late "joined" for it changes nothing.
    left_sid = models.CharField(max_length=40, blank=True)
    #: When the newest connection of this generation began, by its node's clock.
    joined_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    #: Its page answers heartbeats. LiveKit lists one that died for some 20 s more.
    heard = models.BooleanField(default=True, db_default=True)

    objects: Any = scoped()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["call", "session", "boot"],
                condition=models.Q(kind="caller"),
                name="caller_participant_once",
            ),
            models.UniqueConstraint(
                fields=["call", "user", "boot"],
                condition=models.Q(kind="staff"),
                name="staff_participant_once",
            ),
        ]

    @property
    def present(self) -> bool:
        return bool(self.sid)


class WebhookReceipt(models.Model):
    """An id of a webhook that was applied already."""

    id = models.CharField(max_length=80, primary_key=True)
    received_at = models.DateTimeField(auto_now_add=True)
