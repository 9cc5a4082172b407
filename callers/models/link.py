"""The capability a caller joins a call with."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from dispatch.calls.models import Call
from dispatch.centres.tenancy import Tenant, scoped


class Link(Tenant):
    """Valid while it is active and its call is open. Only a hash of its secret is stored."""

    class State(models.TextChoices):
        ACTIVE = "active"
        REVOKED = "revoked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="links")
    version = models.PositiveSmallIntegerField(default=1)
    sha256 = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    objects: Any = scoped()
