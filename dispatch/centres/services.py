"""Staff accounts: who works where, and with which role.

Passwords are generated, returned once to whoever asked, and kept only as hashes.
"""

from __future__ import annotations

import secrets

from django.db import transaction

from dispatch.centres import log
from dispatch.centres.access import scope
from dispatch.centres.models import Centre, Membership, User
from dispatch.centres.permissions import Action, Role, roles_that
from dispatch.errors import Conflict

#: Without 0/o, 1/l/i: it may be read aloud or copied from paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 5  # 20 of 31 characters: 99 bits


def new_password_text() -> str:
    """A password nobody has to invent: four groups of five letters and digits."""
    return "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS)
    )


def find_person(email: str) -> User | None:
    """The account of an e-mail address, in whatever case it was typed."""
    return User.objects.filter(email__iexact=email.strip()).first()


@transaction.atomic
def create_person(*, email: str, name: str, operator: bool = False) -> tuple[User, str]:
    """Create an account with a generated password. Raises Conflict if the address has one."""
    if find_person(email):
        raise Conflict("This address already has an account.", code="email_taken", field="email")
    password = new_password_text()
    create = User.objects.create_superuser if operator else User.objects.create_user
    return create(email=email.strip(), password=password, name=name.strip()), password


def employ(*, user: User, centre: Centre, role: str, actor: User | None = None) -> Membership:
    """Let a person work in a centre; one who does already gets the role.

    `actor` is who decided it; None for the system (the first set-up).
    """
    with scope(centre):
        membership, fresh = Membership.objects.get_or_create(
            user=user, centre=centre, defaults={"role": role}
        )
        if fresh:
            detail = {"detail": Role(role).label}
            log.record(centre, "staff.joined", actor=actor, subject=user, data=detail)
            settle_admin_flag(user)
        else:
            set_role(membership, role, actor=actor)
    return membership


def set_role(membership: Membership, role: str, *, actor: User | None = None) -> None:
    """Change what a person may do in one centre."""
    with scope(membership.centre):
        # Read again: a form has put the new role into the object already.
        before = Membership.objects.select_for_update().get(pk=membership.pk).role
        if before == role:
            return
        membership.role = role
        membership.save(update_fields=["role"])
        settle_admin_flag(membership.user)
        log.record(
            membership.centre,
            "staff.role",
            actor=actor,
            subject=membership.user,
            data={"detail": f"{Role(before).label} → {Role(role).label}"},
        )


def dismiss(membership: Membership, *, actor: User | None = None) -> None:
    """End a person's work in a centre. The account and its name in past calls stay.

    Their sockets close with the next look at who may listen (dispatch.feed.recheck), and calls
    in whose room they sit are moved (dispatch.calls.tasks).
    """
    user, centre = membership.user, membership.centre
    with scope(centre):
        membership.delete()
        settle_admin_flag(user)
        log.record(centre, "staff.left", actor=actor, subject=user)


def new_password(user: User, *, actor: User | None = None) -> str:
    """Replace a password by a generated one; every session of the person ends with the old."""
    password = new_password_text()
    user.set_password(password)
    user.save(update_fields=["password"])
    log.everywhere(user, "staff.password", actor=actor)
    return password


def switch(user: User, *, on: bool, actor: User | None) -> None:
    """Switch an account off or on; what it did stays."""
    user.is_active = on
    user.save(update_fields=["is_active"])
    log.everywhere(user, "staff.switched_on" if on else "staff.switched_off", actor=actor)


def settle_admin_flag(user: User) -> None:
    """Make `is_staff` (may open the admin) follow from the person's roles."""
    may = user.is_superuser or (
        user.memberships.filter(role__in=roles_that(Action.SETTINGS_READ)).exists()
    )
    if user.is_staff != may:
        user.is_staff = may
        user.save(update_fields=["is_staff"])


def in_hand_of(user: User, centre: Centre) -> bool:
    """Whether a centre's administrators may change this account itself (name, password).

    Not that of an operator, nor of someone who works elsewhere too: a new password would
    open the other centre.
    """
    return not user.is_superuser and not user.memberships.exclude(centre=centre).exists()
