"""Signs of life that outlast Redis."""

from __future__ import annotations

from django.db import models


class Sign(models.Model):
    """When a part was last there, by the database's clock. One row a kind of part."""

    WORKER = "worker"

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
