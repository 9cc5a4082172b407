"""Where the phone says it is."""

from __future__ import annotations

from typing import Any

from django.contrib.gis.db import models as gis
from django.db import models

from callers.models.session import CallerSession
from dispatch.calls.models import Call
from dispatch.centres.tenancy import Tenant, scoped


class Fix(Tenant):
    """One position report. `accuracy` is a radius in metres, 95 % confidence (W3C Geolocation)."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="fixes")
    session = models.ForeignKey(CallerSession, on_delete=models.CASCADE, related_name="fixes")
    boot = models.CharField(max_length=40)
    client_seq = models.PositiveIntegerField()
    point = gis.PointField(srid=4326)
    accuracy = models.FloatField()
    altitude = models.FloatField(null=True)
    heading = models.FloatField(null=True)
    speed = models.FloatField(null=True)
    #: When the position was taken, by the server's clock.
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    #: What the phone's clock said; kept because it may be evidence of a wrong clock.
    device_at = models.DateTimeField(null=True)
    #: The phone's clock was wrong by more than a little, and `at` was corrected.
    corrected = models.BooleanField(default=False)
    source = models.CharField(max_length=12, default="browser")

    objects: Any = scoped()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "boot", "client_seq"], name="fix_once")
        ]
        indexes = [models.Index(fields=["call", "at"], name="fix_by_call")]


class LastPosition(Tenant):
    """A call's newest position, and a version that grows with each change."""

    call = models.OneToOneField(
        Call, on_delete=models.CASCADE, primary_key=True, related_name="last_position"
    )
    version = models.PositiveBigIntegerField(default=1)
    fix = models.ForeignKey(Fix, on_delete=models.CASCADE, related_name="+")

    objects: Any = scoped()
