"""The only way from a person or an id to a centre, and from a centre to its tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import django_scopes
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from dispatch.centres.models import Centre, Membership, User
from dispatch.errors import DomainError, NotFound
from dispatch.feed.unit import unit

#: Every place that reads across centres, and why. Nothing else may.
SYSTEM_REASONS = frozenset(
    {
        "links.lookup",  # a secret names its call before the centre is known; ids only
        "sessions.lookup",  # likewise a caller session's cookie
        "webhooks.lookup",  # a room name names its call; ids only
        "rooms.reconcile",  # compares all rooms with what the nodes list
        "camera.unwatched",  # lists calls with a live camera; each is then looked at alone
        "sessions.recheck",  # which open sockets of callers may go on listening, and that they do
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
    # PostgreSQL takes no NUL, not even to look for it.
    centre = centres_of(user).filter(slug=slug).first() if "\x00" not in slug else None
    if centre is None:
        raise NotFound("This centre does not exist, or you do not work there.")
    return centre


class SignedOut(DomainError):
    """Nobody is signed in in this browser any more."""

    code, status = "signed_out", 401

    def __init__(self) -> None:
        super().__init__("Your session is over. Sign in again.")


class NotMember(DomainError):
    """The person was taken out of the centre."""

    code, status = "not_a_member", 403

    def __init__(self) -> None:
        super().__init__("You do not work in this centre any more.")


class SignIn(NamedTuple):
    """One browser in which somebody has signed in."""

    session_key: str
    user_id: int


def still_in(
    asked: Collection[tuple[SignIn, int]],
) -> dict[tuple[SignIn, int], DomainError | None]:
    """Whether each still is signed in and works in the centre (its id): None, or why not.

    Three queries, however many are asked about.
    """
    users = {
        user.pk: user
        for user in User.objects.filter(pk__in={who.user_id for who, _ in asked}, is_active=True)
    }
    signed_in = set()
    for session in Session.objects.filter(
        session_key__in={who.session_key for who, _ in asked}, expire_date__gt=timezone.now()
    ):
        content = session.get_decoded()
        user = users.get(int(content.get(SESSION_KEY, 0)))
        # The hash changes with the password.
        known = content.get(HASH_SESSION_KEY, "")
        if user is not None and constant_time_compare(known, user.get_session_auth_hash()):
            signed_in.add(SignIn(session.session_key, user.pk))
    members = set(Membership.objects.filter(user_id__in=users).values_list("user_id", "centre_id"))

    def judge(who: SignIn, centre_id: int) -> DomainError | None:
        if who not in signed_in:
            return SignedOut()
        return None if (who.user_id, centre_id) in members else NotMember()

    return {(who, centre_id): judge(who, centre_id) for who, centre_id in asked}


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
