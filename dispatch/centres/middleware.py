"""The admin's door: who may pass, which centre it shows, and one unit around each answer."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from dispatch.centres import access
from dispatch.centres.admin_access import PARAMETER, SESSION_KEY
from dispatch.centres.models import Centre

PREFIX = "/admin/"


class _Undo(Exception):
    """Leaves the unit without keeping what was done in it."""


class AdminScopeMiddleware:
    """Holds the scope of one chosen centre around every answer of the admin.

    Around the whole answer, because lists query while they are rendered. An answer that
    says no (4xx, 5xx) keeps no change that was made on the way to it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        if not request.user.is_authenticated:
            return redirect_to_login(_wanted(request))
        if request.path_info == f"{PREFIX}login/":
            return HttpResponseRedirect(_wanted(request))
        centres = list(access.administered_by(request.user))
        operator = request.user.is_superuser
        if not request.user.is_staff or not (centres or operator):
            return _refuse(request)
        if PARAMETER in request.GET:
            return _choose(request, centres)
        centre = _chosen(request, centres)
        request.admin_centre = centre  # type: ignore[attr-defined]
        request.admin_centres = centres  # type: ignore[attr-defined]
        if centre is not None:
            request.admin_standing = access.standing(request.user, centre)  # type: ignore[attr-defined]
        if centre is None:  # an operator before the first centre: no tenant table opens
            return self.get_response(request)
        return self._in_scope(request, centre)

    def _in_scope(self, request: HttpRequest, centre: Centre) -> HttpResponse:
        try:
            with access.scope(centre):
                response = self.get_response(request)
                if response.status_code >= 400:
                    raise _Undo
        except _Undo:
            pass
        return response


def _wanted(request: HttpRequest) -> str:
    """Where the person was going: a page of ours, never another site."""
    if request.path_info != f"{PREFIX}login/":
        return request.get_full_path()
    target = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts=None) and not target.startswith(
        f"{PREFIX}login/"
    ):
        return target
    return reverse("admin:index")


def _chosen(request: HttpRequest, centres: list[Centre]) -> Centre | None:
    slug = request.session.get(SESSION_KEY)
    return next((centre for centre in centres if centre.slug == slug), None) or next(
        iter(centres), None
    )


def _choose(request: HttpRequest, centres: list[Centre]) -> HttpResponse:
    """Remember the choice, if it is one, and go on without the parameter."""
    slug = request.GET[PARAMETER]
    if any(centre.slug == slug for centre in centres):
        request.session[SESSION_KEY] = slug
    query = request.GET.copy()
    del query[PARAMETER]
    rest = f"?{query.urlencode()}" if query else ""
    return HttpResponseRedirect(request.path + rest)


def _refuse(request: HttpRequest) -> HttpResponse:
    response = render(request, "admin/refused.html", status=403)
    response["Cache-Control"] = "no-store"
    return response
