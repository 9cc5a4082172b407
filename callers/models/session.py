"""One browser that opened a link."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models

from callers.models.link import Link
from dispatch.calls.models import Call
from dispatch.centres.tenancy import Tenant, scoped


class CallerSession(Tenant):
    """Its consent, permissions and device. The cookie is its proof; only a hash is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="sessions")
    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="sessions")
    cookie_sha256 = models.CharField(max_length=64)
    device = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=12, blank=True)
    #: The newest page load that opened it; what an older one still says comes late.
    boot = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True)  # the page was visible
    tapped_at = models.DateTimeField(null=True)
    #: Whether its newest page is heard from: by its socket, or by its polls.
    online = models.BooleanField(default=False)
    online_at = models.DateTimeField(null=True)  # since when that is so
    #: The way it was heard last: a socket's own name, or the boot of a page that polls. The end of
    #: an older one says nothing: a phone that changes networks leaves a dead socket behind.
    online_by = models.CharField(max_length=40, blank=True)
    #: The last poll of a page whose socket is blocked; empty while its socket works.
    polled_at = models.DateTimeField(null=True)
    #: When its process last found its socket alive, by the database's clock; empty while it polls.
    heard_at = models.DateTimeField(null=True)
    #: What the page says is not as it should be: see callers.conditions.
    conditions = models.JSONField(default=list)
    #: {"camera": {"outcome": "granted", "at": "…"}, …}
    permissions = models.JSONField(default=dict)

    objects: Any = scoped()
