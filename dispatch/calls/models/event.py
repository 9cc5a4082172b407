"""What happened in a call: append-only, and kept when personal data is erased."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from dispatch.calls.models.call import Call
from dispatch.centres.tenancy import Tenant, scoped


class CallEvent(Tenant):
    """Who did what, when. Holds references and a salted digest, never a number or a text."""

    class Actor(models.TextChoices):
        STAFF = "staff"
        CALLER = "caller"
        SYSTEM = "system"

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor = models.CharField(max_length=6, choices=Actor.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    #: Copied, so that the record outlives the account.
    user_name = models.CharField(max_length=80, blank=True)
    data = models.JSONField(default=dict)
    #: HMAC-SHA-256 of the personal payload under a salt that is erased with it.
    digest = models.CharField(max_length=64, blank=True)

    objects: Any = scoped()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["call", "at"], name="event_by_call")]
