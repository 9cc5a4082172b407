"""A stream is a counter row and its entries; the epoch names this history of the database."""

from __future__ import annotations

import uuid

from django.db import models


class Epoch(models.Model):
    """One row: changed whenever a restored database must not continue old sequences."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    value = models.UUIDField(default=uuid.uuid4)


class Stream(models.Model):
    """The counter of one audience's feed; its row lock orders the commits of that feed."""

    name = models.CharField(max_length=80, primary_key=True)
    wall = models.BigIntegerField()
    head = models.BigIntegerField(default=0)


class Entry(models.Model):
    """One message: the absolute value of item (kind, key) after a unit; null when removed."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, db_column="stream")
    seq = models.BigIntegerField()
    wall = models.BigIntegerField()
    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=80)
    body = models.JSONField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="feed_entry_seq")]
        indexes = [models.Index(fields=["at"], name="feed_entry_by_time")]
