"""The funnel: when a call first reached each stage, whatever the order of arrival."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from dispatch.calls import cards
from dispatch.calls.models import Call, Stage, StageMark


def reach(call: Call, stage: Stage, at: datetime | None = None) -> bool:
    """Set the time a stage was first reached; a later report changes nothing.

    A stage marked failed before is reached after all. True when this set it.
    """
    moment = at or timezone.now()
    marks = StageMark.objects
    fresh: bool
    mark, fresh = marks.get_or_create(
        call=call, stage=stage, defaults={"centre_id": call.centre_id, "at": moment}
    )
    if not fresh:
        fresh = bool(marks.filter(pk=mark.pk, at__isnull=True).update(at=moment, failed=None))
    if fresh:
        cards.changed(call)
    return fresh


def fail(call: Call, stage: Stage, reason: str) -> bool:
    """Say why a stage cannot be reached; nothing changes for one that was. True when set."""
    mark, fresh = StageMark.objects.get_or_create(
        call=call, stage=stage, defaults={"centre_id": call.centre_id, "failed": reason}
    )
    if not fresh:
        fresh = bool(
            StageMark.objects.filter(pk=mark.pk, at__isnull=True)
            .exclude(failed=reason)
            .update(failed=reason)
        )
    if fresh:
        cards.changed(call)
    return bool(fresh)


def clear(call: Call, stage: Stage) -> None:
    """Forget a stage, where an undo makes it untrue (`ended` of a reopened call)."""
    if StageMark.objects.filter(call=call, stage=stage).delete()[0]:
        cards.changed(call)
