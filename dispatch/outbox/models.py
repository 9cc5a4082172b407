"""One row per piece of work."""

from __future__ import annotations

from django.db import models


class Item(models.Model):
    """Work to carry out: its kind names the handler, its arguments hold references only."""

    class State(models.TextChoices):
        PENDING = "pending"
        CLAIMED = "claimed"
        DONE = "done"
        UNKNOWN = "unknown"  # claimed, and nobody knows whether it happened
        FAILED = "failed"

    wall = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["pending", "claimed"]),
                name="outbox_item_open",
            )
        ]
