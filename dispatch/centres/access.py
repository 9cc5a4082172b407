"""The only way from a person or an id to a centre, and from a centre to its tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import django_scopes
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from dispatch.centres.models import Centre, Membership, User
from dispatch.errors import NotFound
from dispatch.feed.unit import unit

#: Every place that reads across centres, and why. Nothing else may.
SYSTEM_REASONS = frozenset(
    {
        "links.lookup",  # a secret names its call before the centre is known; ids only
        "sessions.lookup",  # likewise a caller session's cookie
        "webhooks.lookup",  # a room name names its call; ids only
        "rooms.reconcile",  # compares all rooms with what the nodes list
        "camera.unwatched",  # lists calls with a live camera; each is then looked at alone
        "sessions.lapse",  # lists pages that stopped asking; each is then marked alone
        "links.expire",  # lists calls whose link was never opened
        "texts.failing",  # whether the newest texts were taken by the provider they share
        "metrics.figures",  # counts and times of all centres; no ids
        "texts.delivery",  # a delivery report names its text; ids only
        "demo.phone",  # the demo phone shows the texts of every centre (development only)
    }
)


@contextmanager
def scope(centre: Centre, *, snapshot: bool = False) -> Iterator[None]:
    """Open this centre's tables: a unit of work behind its wall.

    `snapshot` reads one moment (repeatable read) and refuses writes.
    """
    with django_scopes.scope(centre=centre), unit(wall=centre.pk, snapshot=snapshot):
        yield


@contextmanager
def system_scope(reason: str) -> Iterator[None]:
    """Look across centres, for a reason listed above. Raises ValueError for any other."""
    if reason not in SYSTEM_REASONS:
        raise ValueError(f"{reason!r} is no reason to look across centres")
    with django_scopes.scopes_disabled():
        yield


def centres_of(user: User | AnonymousUser) -> QuerySet[Centre]:
    """The centres a person works in, by name."""
    if not user.is_authenticated or not user.is_active:
        return Centre.objects.none()
    return Centre.objects.filter(memberships__user_id=user.pk).order_by("name")


def centre_for(user: User | AnonymousUser, slug: str) -> Centre:
    """The centre of this short name, if the person works there. Raises NotFound."""
    centre = centres_of(user).filter(slug=slug).first()
    if centre is None:
        raise NotFound("This centre does not exist, or you do not work there.")
    return centre


def centre_by_wall(wall: int) -> Centre:
    """The centre behind a wall number, for work that was put down by the centre itself."""
    return Centre.objects.get(pk=wall)


def administered_by(user: User | AnonymousUser) -> QuerySet[Centre]:
    """The centres whose administration a person may open: their own, or all for the operator."""
    if not user.is_authenticated or not user.is_active:
        return Centre.objects.none()
    if user.is_superuser:
        return Centre.objects.order_by("name")
    return Centre.objects.filter(
        memberships__user_id=user.pk, memberships__role=Membership.Role.ADMINISTRATOR
    ).order_by("name")
