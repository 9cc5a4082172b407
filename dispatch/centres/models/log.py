"""What happened to a centre's staff: append-only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from dispatch.centres.tenancy import Tenant, scoped


class StaffEvent(Tenant):
    """Who joined, left, signed in or was given a right, and who did it. Written by `log` alone.

    Names are copied, so that the record outlives the accounts. No address, no secret.
    """

    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    #: Who did it; empty for the system itself.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=80, blank=True)
    #: To whom; empty where it happened to the centre.
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    subject_name = models.CharField(max_length=80, blank=True)
    data = models.JSONField(default=dict)

    objects: Any = scoped()

    class Meta:
        verbose_name = "entry of the staff log"
        verbose_name_plural = "staff log"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["centre", "-at"], name="staff_event_by_centre")]

    def __str__(self) -> str:
        return f"{self.kind}, {self.subject_name or self.actor_name}"
