"""Messages between a caller and the staff of a centre."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.db import models

from dispatch.calls.models.call import Call
from dispatch.centres.tenancy import Tenant, scoped


def new_salt() -> str:
    return secrets.token_hex(16)


class ChatMessage(Tenant):
    """One message. `key` is the sender's own id of it, so posting it twice changes nothing."""

    class Side(models.TextChoices):
        STAFF = "staff"
        CALLER = "caller"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="chat")
    side = models.CharField(max_length=6, choices=Side.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    session = models.UUIDField(null=True)
    key = models.CharField(max_length=120)
    text = models.TextField()
    #: Salt of the digest in the permanent call event; erased together with the text.
    salt = models.CharField(max_length=32, default=new_salt)
    at = models.DateTimeField()

    objects: Any = scoped()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "key"], name="chat_once")]
        ordering = ["at", "id"]
