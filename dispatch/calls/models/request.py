"""What staff ask of the caller's page."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from dispatch.calls.models.call import Call
from dispatch.centres.tenancy import Tenant, scoped


class CallerRequest(Tenant):
    """One thing asked of the caller's page. `id` is the dispatcher's command: asked once."""

    class What(models.TextChoices):
        CAMERA = "camera"  # start the camera (again): the person decides
        MICROPHONE = "microphone"  # turn the microphone on: the person decides
        FLIP = "flip"  # turn to the other camera: the person decides
        MUTE = "mute"  # the page turns its microphone off by itself
        STOP = "stop"  # the page turns its video off by itself

    class Answer(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        DECLINED = "declined"
        FAILED = "failed"
        REPLACED = "replaced"  # asked again, or not wanted any more

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="requests")
    what = models.CharField(max_length=10, choices=What.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=8, choices=Answer.choices, default=Answer.OPEN)
    answered_at = models.DateTimeField(null=True)

    objects: Any = scoped()

    class Meta:
        indexes = [models.Index(fields=["call", "asked_at"], name="request_by_call")]
