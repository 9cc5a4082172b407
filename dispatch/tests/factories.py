"""Rows for tests: committed, with names of their own, never cleaned up.

Each test makes the centres it needs; the walls keep it apart from the others.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from dispatch.calls import seats, services
from dispatch.calls.models import Call, MediaNode, Participant
from dispatch.centres import grants
from dispatch.centres.access import scope
from dispatch.centres.models import Centre, Grant, Membership, User
from dispatch.outbox import carry as outbox
from dispatch.outbox.models import Item

#: The key of every node made here; tests put it into settings.LIVEKIT_KEYS.
NODE_KEYS = {"test-key": "a-secret-of-forty-characters-for-testing"}


#: Of the North American plan; not every number of three digits is one.
AREA_CODES = (203, 206, 212, 213, 303, 305, 312, 404, 415, 503, 512, 602, 612, 617, 702, 713, 804)


def centre(**fields: Any) -> Centre:
    """A dispatch centre."""
    slug = f"c{secrets.token_hex(6)}"
    return Centre.objects.create(**{"slug": slug, "name": f"Centre {slug}", **fields})


def user(
    *,
    centre: Centre | None = None,
    role: str = Membership.Role.DISPATCHER,
    password: str | None = None,
    **fields: Any,
) -> User:
    """A person who works in this centre; without `password` nobody can sign in as them."""
    email = fields.pop("email", f"{secrets.token_hex(6)}@example.org")
    person = User.objects.create_user(email, password, **{"name": "Robin Example", **fields})
    if centre is not None:
        Membership.objects.create(user=person, centre=centre, role=role)
    return person


def grant(operator: User, *, centre: Centre) -> Grant:
    """The operator may see this centre's calls for an hour."""
    with scope(centre):
        return grants.take(
            operator=operator,
            centre=centre,
            reason="a picture is black, ticket 4711",
            lasts=timedelta(hours=1),
        )


def number() -> str:
    """A telephone number kept for fiction, in E.164; rarely twice the same."""
    return f"+1{secrets.choice(AREA_CODES)}55501{secrets.randbelow(100):02}"


def call(*, centre: Centre, owner: User | None = None, **fields: Any) -> Call:
    """An open call, opened as a dispatcher does; `fields` are set afterwards."""
    person = owner or user(centre=centre)
    with scope(centre):
        made, _ = services.open_call(
            centre=centre,
            owner=person,
            number=fields.pop("number", number()),
            language=fields.pop("language", "en"),
            another=True,
        )
        for name, value in fields.items():
            setattr(made, name, value)
        made.save()
    return made


def node(**fields: Any) -> MediaNode:
    """A media node at an address where nothing listens."""
    name = f"node-{secrets.token_hex(6)}"
    defaults = {
        "name": name,
        "url": f"wss://{name}.example.org",
        "api_url": "http://127.0.0.1:9",
        "api_key": next(iter(NODE_KEYS)),
    }
    return MediaNode.objects.create(**{**defaults, **fields})


def caller_page(of: Call, *, session: UUID, boot: str | None = None) -> Participant:
    """A page load of a caller session."""
    with scope(of.centre):
        return seats.participant(
            call=of, kind="caller", boot=boot or secrets.token_hex(8), session=session
        )


def staff_page(of: Call, *, person: User | None = None) -> Participant:
    """A page load of a dispatcher's console: the owner's, unless said otherwise."""
    with scope(of.centre):
        return seats.participant(
            call=of, kind="staff", boot=secrets.token_hex(8), user=person or of.owner
        )


def carry_out(centre: Centre, *kinds: str) -> int:
    """Carry out the centre's waiting outbox rows (of these kinds) as a worker would, once."""
    waiting = Item.objects.filter(wall=centre.pk, state=Item.State.PENDING).order_by("pk")
    if kinds:
        waiting = waiting.filter(kind__in=kinds)
    return sum(outbox.carry(item) for item in list(waiting.values_list("pk", flat=True)))
