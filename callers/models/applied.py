"""Which items of a page were applied already."""

from __future__ import annotations

from typing import Any

from django.db import models

from callers.models.session import CallerSession
from dispatch.centres.tenancy import Tenant, scoped


class AppliedItem(Tenant):
    """One item a page posted; pages post again until they hear that it was taken."""

    session = models.ForeignKey(CallerSession, on_delete=models.CASCADE, related_name="+")
    boot = models.CharField(max_length=40)
    client_seq = models.PositiveIntegerField()

    objects: Any = scoped()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "boot", "client_seq"], name="item_once")
        ]
