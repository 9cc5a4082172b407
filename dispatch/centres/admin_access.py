"""Who sees what in the admin: one chosen centre, or the tables without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from dispatch.centres.models import Centre, User
from dispatch.centres.permissions import Action, Standing

#: Session key and query parameter of the choice.
SESSION_KEY = "admin_centre"
PARAMETER = "_centre"
#: More centres than this are found through their list.
MENU_LENGTH = 20


def chosen(request: HttpRequest) -> Centre | None:
    """The centre whose scope the middleware opened around this request."""
    return getattr(request, "admin_centre", None)


def choices(request: HttpRequest) -> list[Centre]:
    """The centres this person may choose from."""
    return getattr(request, "admin_centres", [])


def is_operator(user: User | AnonymousUser) -> bool:
    """Whether the person runs the installation, rather than a centre."""
    return bool(user.is_active and user.is_superuser)


def operates(request: HttpRequest) -> bool:
    """Whether the menu shows the installation's own tables (settings.UNFOLD)."""
    return is_operator(request.user)


def chosen_name(request: HttpRequest) -> str:
    """Second line of the admin's header: whose data this is (settings.UNFOLD)."""
    centre = chosen(request)
    return centre.name if centre else "No centre yet"


def centre_menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The header's list of centres (settings.UNFOLD); none where there is nothing to choose."""
    centres, now = choices(request), chosen(request)
    if len(centres) < 2:
        return []
    menu = [
        {
            "title": centre.name,
            "link": choosing(centre),
            "icon": "check" if centre == now else "apartment",
        }
        for centre in centres[:MENU_LENGTH]
    ]
    if len(centres) > MENU_LENGTH:
        every = reverse("admin:centres_centre_changelist")
        menu.append({"title": "All centres…", "link": every, "icon": "list"})
    return menu


def choosing(centre: Centre) -> str:
    """The address that chooses a centre."""
    return f"{reverse('admin:index')}?{PARAMETER}={centre.slug}"


def standing(request: HttpRequest) -> Standing:
    """What the person is towards the chosen centre; without one, operator or nothing."""
    found = getattr(request, "admin_standing", None)
    return found or Standing(operator=is_operator(request.user))


def allows(action: Action) -> Callable[[HttpRequest], bool]:
    """Whether a part of the menu shows (settings.UNFOLD): as the table of permissions says."""

    def shows(request: HttpRequest) -> bool:
        return chosen(request) is not None and standing(request).may(action)

    return shows


reads_calls = allows(Action.HISTORY_READ)
reads_staff = allows(Action.STAFF_READ)
reads_log = allows(Action.LOG_READ)


def reads_settings(request: HttpRequest) -> bool:
    """The one centre's own page; the operator has the list of all."""
    return not is_operator(request.user) and allows(Action.SETTINGS_READ)(request)


def sees_grants(request: HttpRequest) -> bool:
    """Grants: to take for the operator, to end for the centre."""
    return allows(Action.GRANTS_TAKE)(request) or allows(Action.GRANTS_END)(request)


class OperatorOnly:
    """For tables without a tenant: the operator's alone. A mixin of ModelAdmin."""

    reads = writes = Action.INSTALLATION_MANAGE

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_operator(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_operator(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_operator(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_operator(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_operator(request.user)


class OfChosenCentre:
    """For what belongs to the chosen centre: read and changed as the table of permissions says.

    A mixin of ModelAdmin. That the rows are that centre's is the queryset's business.
    """

    reads: Action
    writes: Action | None = None

    def _may(self, request: HttpRequest, action: Action | None) -> bool:
        return bool(action and chosen(request) and standing(request).may(action))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.reads)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, self.reads)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, self.writes)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, self.writes)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, self.writes)


class ReadOnly(OfChosenCentre):
    """For records of the chosen centre: to be looked at by whoever may, changed by nobody."""

    writes = None
