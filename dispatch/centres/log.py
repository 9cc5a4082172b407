"""The one place that writes the staff log: who joined, left, signed in, or was given a right."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from dispatch.centres.access import centre_by_wall, scope
from dispatch.centres.models import Centre, StaffEvent, User
from dispatch.feed.unit import current_wall
from dispatch.outbox import carry as outbox
from dispatch.outbox import handlers

ELSEWHERE = "staff.log"  # outbox: an entry in the log of another centre than the open one

#: What the log says for each kind. "{actor}" and "{subject}" stand beside it.
WORDS: dict[str, str] = {
    "centre.changed": "Settings changed",
    "grant.ended": "The operator's look into calls ended early",
    "grant.taken": "The operator looks into calls",
    "staff.joined": "Joined",
    "staff.left": "Removed",
    "staff.password": "New password",
    "staff.role": "Role changed",
    "staff.switched_off": "Account switched off",
    "staff.switched_on": "Account switched on",
}


def record(
    centre: Centre,
    kind: str,
    *,
    actor: User | None,
    subject: User | None = None,
    data: dict[str, Any] | None = None,
) -> StaffEvent:
    """Record what happened to a centre's staff, for ever. Inside the centre's scope.

    `actor` is None for the system itself. `data` may hold a `detail`, a few words for people;
    never an address, a number or a secret. Raises KeyError for a kind without words.
    """
    WORDS[kind]
    event: StaffEvent = StaffEvent.objects.create(
        centre=centre,
        kind=kind,
        at=timezone.now(),
        actor=actor,
        actor_name=actor.name if actor else "",
        subject=subject,
        subject_name=subject.name if subject else "",
        data=data or {},
    )
    return event


def everywhere(
    subject: User, kind: str, *, actor: User | None, data: dict[str, Any] | None = None
) -> None:
    """Record something about an account in the log of every centre it works in.

    Inside a unit the other centres' entries are outbox rows of it, for a unit cannot cross walls.
    """
    here = current_wall()
    for centre in Centre.objects.filter(memberships__user=subject):
        if here in (None, centre.pk):
            with scope(centre):
                record(centre, kind, actor=actor, subject=subject, data=data)
        else:
            work = {
                "centre": centre.pk,
                "kind": kind,
                "actor": actor.pk if actor else None,
                "subject": subject.pk,
                "data": data or {},
            }
            outbox.put(ELSEWHERE, work)


def _carry_elsewhere(wall: int, args: dict[str, Any]) -> None:
    people = User.objects.in_bulk([pk for pk in (args["actor"], args["subject"]) if pk])
    centre = centre_by_wall(args["centre"])
    with scope(centre):
        record(
            centre,
            args["kind"],
            actor=people.get(args["actor"]),
            subject=people.get(args["subject"]),
            data=args["data"],
        )


def register() -> None:
    """Name the outbox handler of the log; called from AppConfig.ready."""
    handlers.register(ELSEWHERE, handlers.Handler(_carry_elsewhere, repeatable=True))


def sentence(event: StaffEvent) -> str:
    """The entry in words."""
    words = WORDS.get(event.kind, event.kind)
    detail = event.data.get("detail")
    return f"{words}: {detail}" if detail else words
