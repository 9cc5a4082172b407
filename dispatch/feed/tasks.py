"""What Celery does for the feed."""

from __future__ import annotations

from celery import shared_task

from dispatch.feed import prune


@shared_task(name="feed.prune")
def prune_entries() -> int:
    """Delete entries that no reconnecting page can use; the count."""
    return prune.entries()
