"""The only way from a person or an id to a centre, and from a centre to its tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import django_scopes
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from dispatch.centres.models import Centre, Grant, Membership, User
from dispatch.centres.permissions import TABLE, Action, Role, Standing, roles_that
from dispatch.errors import DomainError, NotFound
from dispatch.feed.unit import unit

#: Every place that reads across centres, and why. Nothing else may.
SYSTEM_REASONS = frozenset(
    {
        "links.lookup",  # a secret names its call before the centre is known; ids only
        "sessions.lookup",  # likewise a caller session's cookie
        "webhooks.lookup",  # a room name names its call; ids only
        "rooms.reconcile",  # compares all rooms with what the nodes list
        "rooms.strangers",  # lists who of the staff sits in which call's room; each is then moved
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


def standing(user: User | AnonymousUser, centre: Centre) -> Standing:
    """What somebody is towards a centre. Nothing, for whoever is signed out or switched off."""
    if not user.is_authenticated or not user.is_active:
        return Standing()
    return standings({user.pk}, {centre.pk}).get((user.pk, centre.pk), Standing())


def standings(users: Collection[int], centres: Collection[int]) -> dict[tuple[int, int], Standing]:
    """Of these people (ids) towards these centres (ids); who is nothing to one is left out."""
    roles = {
        (user, centre): Role(role)
        for user, centre, role in Membership.objects.filter(
            user_id__in=users, centre_id__in=centres, user__is_active=True
        ).values_list("user_id", "centre_id", "role")
    }
    operators = User.objects.filter(pk__in=users, is_active=True, is_superuser=True)
    granted: set[tuple[int, int]] = set()
    if operating := set(operators.values_list("pk", flat=True)):
        good = Grant.objects.filter(Grant.good(), user_id__in=operating, centre_id__in=centres)
        granted = set(good.values_list("user_id", "centre_id"))
    return {
        pair: Standing(roles.get(pair), pair[0] in operating, pair in granted)
        for pair in {*roles, *((user, centre) for user in operating for centre in centres)}
    }


def centres_of(user: User | AnonymousUser, action: Action = Action.CALLS_READ) -> QuerySet[Centre]:
    """The centres in which a person may do this, by name."""
    if not user.is_authenticated or not user.is_active:
        return Centre.objects.none()
    rule = TABLE[action]
    if user.is_superuser and rule.operator:
        return Centre.objects.order_by("name")
    open_to = Q(memberships__user_id=user.pk, memberships__role__in=rule.roles)
    if user.is_superuser and rule.granted:
        open_to |= Q(pk__in=Grant.objects.filter(Grant.good(), user=user).values("centre"))
    return Centre.objects.filter(open_to).distinct().order_by("name")


def centre_for(user: User | AnonymousUser, slug: str, action: Action) -> Centre:
    """The centre of this short name, if the person may do this there.

    Raises NotFound where it does not exist for them, NotAllowed where their role is another's.
    """
    # PostgreSQL takes no NUL, not even to look for it.
    centre = Centre.objects.filter(slug=slug).first() if "\x00" not in slug else None
    is_what = standing(user, centre) if centre else Standing()
    if centre is None or not is_what.sees:
        raise NotFound("This centre does not exist, or you do not work there.")
    if not is_what.may(action):
        raise NotAllowed(is_what, action)
    return centre


class NotAllowed(DomainError):
    """The person belongs here, but this is not theirs to do (dispatch.centres.permissions)."""

    code, status = "not_allowed", 403

    def __init__(self, is_what: Standing, action: Action) -> None:
        if is_what.role is not None:
            others = " or ".join(role.label.lower() for role in roles_that(action))
            super().__init__(
                f"As {is_what.role.label.lower()} you cannot do this. "
                + (f"Ask a {others}." if others else "Ask the operator of this installation.")
            )
        elif is_what.operator:
            super().__init__(
                "As operator you see no calls of a centre. Open it for a time, with a reason, "
                "in the administration."
            )
        else:
            super().__init__("This token was not made for that. Make one with this scope.")


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
    """Whether each still is signed in and may read the centre's calls: None, or why not.

    The same few queries, however many are asked about.
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
    found = standings(set(users), {centre_id for _, centre_id in asked})

    def judge(who: SignIn, centre_id: int) -> DomainError | None:
        if who not in signed_in:
            return SignedOut()
        is_what = found.get((who.user_id, centre_id), Standing())
        return None if is_what.may(Action.CALLS_READ) else NotMember()

    return {(who, centre_id): judge(who, centre_id) for who, centre_id in asked}


def centre_by_wall(wall: int) -> Centre:
    """The centre behind a wall number, for work that was put down by the centre itself."""
    return Centre.objects.get(pk=wall)


def administered_by(user: User | AnonymousUser) -> QuerySet[Centre]:
    """The centres whose administration a person may open, to read at least."""
    return centres_of(user, Action.SETTINGS_READ)
