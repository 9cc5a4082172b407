"""One row per piece of work, and one per worker that carries it out."""

from __future__ import annotations

from django.db import models


class Item(models.Model):
    """Work to carry out: its kind names the handler, its arguments hold references only."""

    class State(models.TextChoices):
        PENDING = "pending"
        CLAIMED = "claimed"  # a worker has it, and the outside has heard nothing of it yet
        CALLING = "calling"  # the outside may hear of it from here on
        DONE = "done"
        UNKNOWN = "unknown"  # its worker went while calling: nobody knows whether it happened
        FAILED = "failed"

    wall = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    #: The latest claim; whoever holds an older one has lost the row.
    claim = models.UUIDField(null=True)
    claimed_by = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    #: Renewed while the claim's worker lives. All times here are the database's.
    lease_until = models.DateTimeField(null=True)
    called_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["pending", "claimed", "calling"]),
                name="outbox_item_unended",
            ),
            models.Index(
                fields=["ended_at"],
                condition=models.Q(ended_at__isnull=False),
                name="outbox_item_ended",
            ),
        ]


class Worker(models.Model):
    """A process that carries out work, and its signs of life."""

    id = models.UUIDField(primary_key=True, editable=False)
    name = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    #: When it last looked at the table by itself.
    looked_at = models.DateTimeField()
    #: When it last heard, through the broker, a task that was sent to it alone.
    heard_at = models.DateTimeField(null=True)
