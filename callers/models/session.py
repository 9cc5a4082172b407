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
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True)  # the page was visible
    tapped_at = models.DateTimeField(null=True)
    #: Sockets it has open now; a hint, corrected by each connect and disconnect.
    online = models.BooleanField(default=False)
    #: {"camera": {"outcome": "granted", "at": "…"}, …}
    permissions = models.JSONField(default=dict)

    objects: Any = scoped()
