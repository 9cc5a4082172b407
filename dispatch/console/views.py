"""The console's pages: the live console, and past calls."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from dispatch.calls.models import Call
from dispatch.centres import access, languages
from dispatch.centres.models import Centre, User
from dispatch.centres.permissions import Action
from dispatch.console import history as past
from dispatch.errors import DomainError, NotFound

SESSION_KEY = "console_centre"
VERSION = "0.1"
CALLS_A_PAGE = 50
#: Where a map starts without a place of the centre's: the whole world.
_WORLD = ([25.0, 0.0], 1)
_NEAR = 12
_MAP = {"pmtiles": f"{settings.STATIC_URL}map/world.pmtiles"}


@login_required
@require_safe
def console(request: HttpRequest) -> HttpResponse:
    """The live console. Context: `boot`, a dict for the script (json_script id "boot")."""
    centre, refusal = _centre(request, Action.CALLS_READ)
    if centre is None:
        return refusal
    boot = _boot(request, centre)
    response = _page(request, "console/page.html", {"boot": boot})
    # Push-to-talk speaks into the room; nothing else of this computer is ever asked for.
    response["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
    return response


@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Closed calls of the centre, newest first.

    Context: `centre`, `centres`, `page` (a page of console.history.row with `url`), `query`
    (digits of the number looked for).
    """
    centre, refusal = _centre(request, Action.HISTORY_READ)
    if centre is None:
        return refusal
    query = "".join(filter(str.isdigit, request.GET.get("number", "")))[:20]
    with access.scope(centre, snapshot=True):
        found = past.calls().filter(state=Call.State.CLOSED)
        if query:
            found = found.filter(number__contains=query)
        page = Paginator(found, CALLS_A_PAGE).get_page(request.GET.get("page"))
        page.object_list = [
            {**past.row(call), "url": reverse("history-call", args=[call.pk])}
            for call in page.object_list
        ]
    context = {"centre": centre, "centres": _centres(request), "page": page, "query": query}
    return _page(request, "console/history.html", context)


@login_required
@require_safe
def history_call(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """One call of any of the person's centres: facts, what happened, and where the phone was.

    Context: `centre`, and of console.history.Record `call`, `entries`, `texts`, `fixes`,
    `fix_count`; `track` for the map's script; `back`.
    """
    for centre in access.centres_of(_person(request), Action.HISTORY_READ):
        with suppress(NotFound), access.scope(centre, snapshot=True):
            return _history_call(request, centre, past.record(call_id))
    return _refuse(request, NotFound("This call does not exist, or belongs to another centre."))


def _history_call(request: HttpRequest, centre: Centre, record: past.Record) -> HttpResponse:
    middle, zoom = _start(centre)
    context = {
        "centre": centre,
        "call": record.call,
        "entries": record.entries,
        "texts": record.texts,
        "fixes": record.fixes,
        "fix_count": record.fix_count,
        "track": {"fixes": record.fixes, "center": middle, "zoom": zoom, "map": _MAP},
        "back": f"{reverse('history')}?centre={centre.slug}",
    }
    return _page(request, "console/history_call.html", context)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 (login_required stands before it)
    return request.user


def _centre(
    request: HttpRequest, action: Action
) -> tuple[Centre, HttpResponse] | tuple[None, HttpResponse]:
    """The centre of this page: asked for, else the last one, else the first; or a refusal."""
    person, slug = _person(request), request.GET.get("centre")
    try:
        if slug is not None:
            centre: Centre | None = access.centre_for(person, slug, action)
        else:
            mine = access.centres_of(person, action)
            last = request.session.get(SESSION_KEY)
            centre = mine.filter(slug=last).first() or mine.first()
    except DomainError as refused:
        return None, _refuse(request, refused)
    if centre is None:
        return None, _refuse(request, None)
    if request.session.get(SESSION_KEY) != centre.slug:
        request.session[SESSION_KEY] = centre.slug
    return centre, HttpResponse()


def _refuse(request: HttpRequest, refused: DomainError | None) -> HttpResponse:
    """A page that says why, and what to do."""
    context = {
        "message": refused.message
        if refused
        else "You are signed in, but you do not work in a centre yet. Ask your administrator to "
        "add you.",
        "centres": _centres(request),
        "urls": _urls(request),
    }
    return _page(
        request, "console/refused.html", context, status=refused.status if refused else 403
    )


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _centres(request: HttpRequest) -> list[dict[str, str]]:
    mine = access.centres_of(_person(request))
    return [{"slug": centre.slug, "name": centre.name} for centre in mine]


def _urls(request: HttpRequest) -> dict[str, str | None]:
    person = _person(request)
    admin = person.is_staff and access.administered_by(person).exists()
    return {
        "console": "/console/",
        "login": "/account/login/",
        "logout": "/account/logout/",
        "admin": "/admin/" if admin or person.is_superuser else None,
        "history": "/console/history/",
    }


def _start(centre: Centre) -> tuple[list[float], int]:
    if centre.location is None:
        return _WORLD
    return [centre.location.y, centre.location.x], _NEAR


def _boot(request: HttpRequest, centre: Centre) -> dict[str, Any]:
    person = _person(request)
    is_what = access.standing(person, centre)
    middle, zoom = _start(centre)
    codes = languages.offered(centre.languages or [centre.language]) or ["en"]
    return {
        "centre": {
            "slug": centre.slug,
            "name": centre.name,
            "country": centre.country,
            "languages": [{"code": code, "name": languages.name_of(code)} for code in codes],
            "default_language": centre.language if centre.language in codes else codes[0],
            "center": middle,
            "zoom": zoom,
        },
        "centres": _centres(request),
        "user": {
            "id": person.pk,
            "name": person.name,
            "email": person.email,
            "role": is_what.role or "operator",
            "may": [action for action in Action if is_what.may(action)],
        },
        "csrf": get_token(request),
        "api": f"/api/v1/centres/{centre.slug}/",
        "ws": "/ws/console/",
        "map": _MAP,
        "prefill_number": request.GET.get("number", "")[:40],
        "urls": _urls(request),
        "version": VERSION,
    }
