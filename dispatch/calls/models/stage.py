"""The funnel of a call."""

from __future__ import annotations

from typing import Any

from django.db import models

from dispatch.calls.models.call import Call
from dispatch.centres.tenancy import Tenant, scoped


class Stage(models.TextChoices):
    """Steps from the request to the picture, in order."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    OPENED = "opened"
    TAPPED = "tapped"
    PERMITTED = "permitted"
    JOINED = "joined"  # the camera is being sent
    FIRST_FRAME = "first_frame"  # a console drew it
    ENDED = "ended"


class StageMark(Tenant):
    """When a call first reached a stage, or why it could not."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="stages")
    stage = models.CharField(max_length=12, choices=Stage.choices)
    at = models.DateTimeField(null=True)
    failed = models.CharField(max_length=80, null=True)  # noqa: DJ001 (absent is not empty)

    objects: Any = scoped()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "stage"], name="stage_once")]
