"""Texts: a row first, sent once."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from callers.models.link import Link
from dispatch.calls.models import Call
from dispatch.calls.models.chat import new_salt
from dispatch.centres.models import Centre
from dispatch.centres.tenancy import Tenant, scoped


class TextMessage(Tenant):
    """A text with a link. Its words are made when it is sent, so no secret is stored."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        ACCEPTED = "accepted"
        DELIVERED = "delivered"
        FAILED = "failed"
        UNKNOWN = "unknown"  # the provider may or may not have it; never resent blindly

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="texts")
    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="texts")
    number = models.CharField(max_length=20)  # E.164
    provider = models.CharField(max_length=20)
    provider_id = models.CharField(max_length=80, blank=True, db_index=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(max_length=200, blank=True)
    salt = models.CharField(max_length=32, default=new_salt)
    queued_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    objects: Any = scoped()

    class Meta:
        indexes = [models.Index(fields=["-queued_at"], name="text_by_time")]


class DemoText(models.Model):
    """What the demo provider "delivered": the only place where a link stands in clear.

    Exists in development only; the demo phone shows it.
    """

    text = models.OneToOneField(TextMessage, on_delete=models.CASCADE, related_name="demo")
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE)
    number = models.CharField(max_length=20)
    sender = models.CharField(max_length=60)
    body = models.TextField()
    link = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)
