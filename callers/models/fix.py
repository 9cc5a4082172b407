"""Where the phone says it is."""

from __future__ import annotations

from typing import Any

from django.contrib.gis.db import models as gis
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from callers.models.session import CallerSession
from dispatch.calls.models import Call
from dispatch.centres.models import Centre
from dispatch.centres.tenancy import Tenant, scoped


class Reported(Tenant):
    """A position as it was reported. `accuracy`: a radius in metres, 95 % (W3C Geolocation)."""

    point = gis.PointField(srid=4326)
    accuracy = models.FloatField()
    altitude = models.FloatField(null=True)
    heading = models.FloatField(null=True)
    speed = models.FloatField(null=True)
    #: When the position was taken, by the server's clock.
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    #: The phone's clock was wrong by more than a little, and `at` was corrected.
    corrected = models.BooleanField(default=False)
    source = models.CharField(max_length=12, default="browser")

    class Meta:
        abstract = True


class Fix(Reported):
    """One position report: a point of a call's track. Written by `callers.fixes` alone.

    Not partitioned, for its key has no time in it: docs/adr/0010.
    """

    # No index of its own for each of the three: the key and fix_by_call begin with a session and a
    # call, nothing looks for a centre's fixes alone, and each index is written with every fix.
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+", db_index=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="fixes", db_index=False)
    session = models.ForeignKey(
        CallerSession, on_delete=models.CASCADE, related_name="fixes", db_index=False
    )
    boot = models.CharField(max_length=40)
    client_seq = models.PositiveIntegerField()
    #: What the phone's clock said; kept because it may be evidence of a wrong clock.
    device_at = models.DateTimeField(null=True)

    objects: Any = scoped()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "boot", "client_seq"], name="fix_once")
        ]
        indexes = [
            models.Index(fields=["call", "at"], name="fix_by_call"),
            # Rows come in the order of this time, so a few bytes for each 32 pages find the old.
            BrinIndex(
                fields=["received_at"],
                name="fix_by_receipt",
                autosummarize=True,
                pages_per_range=32,
            ),
        ]


class LastPosition(Reported):
    """A call's newest position, and a version that grows with each change.

    It holds the values, not a reference: the track may be erased before it.
    """

    call = models.OneToOneField(
        Call, on_delete=models.CASCADE, primary_key=True, related_name="last_position"
    )
    session = models.ForeignKey(CallerSession, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveBigIntegerField(default=1)

    objects: Any = scoped()
