"""The caller page's HTTP doors: parse, ask who it is, call one function, answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from callers import catalogue, devices, feeds, intake, links, sessions, throttles
from callers.models import CallerSession
from dispatch.calls import cards, seats
from dispatch.calls.models import Participant
from dispatch.centres.access import centre_by_wall, scope
from dispatch.centres.models import Centre
from dispatch.errors import DomainError, Throttled
from dispatch.feed import replay
from dispatch.feed.wire import lenient

COOKIE = "sl_session"
#: Largest post a page may make, in bytes.
BODY_LIMIT = 256_000

Door = Callable[..., HttpResponse]


class OpenRequest(msgspec.Struct):
    secret: str
    boot: str
    session: uuid.UUID | None = None
    #: What the page is written in now.
    language: str = ""
    #: Somebody looks at the page: a seat that is at hand comes with the answer.
    seat: bool = False


class BootRequest(msgspec.Struct):
    boot: str
    resume: bool = False


class PollRequest(msgspec.Struct):
    boot: str
    epoch: str | None = None
    last_seq: int | None = None


class ItemsRequest(msgspec.Struct):
    boot: str
    items: list[Any]


def door(view: Door) -> Door:
    """A JSON POST from our own page: origin checked, errors in plain words, never cached.

    Django's CSRF token is not used here: the cookie is SameSite=Strict, and the Origin header
    must be ours.
    """

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if request.method != "POST":
                raise DomainError("This address takes posts only.", code="method", status=405)
            if request.headers.get("Origin") != f"{request.scheme}://{request.get_host()}":
                raise DomainError("Open the link in the text again.", code="origin", status=403)
            if int(request.headers.get("Content-Length") or 0) > BODY_LIMIT:
                raise DomainError("This is too large to send.", code="too_long", status=413)
            response = view(request, *args, **kwargs)
        except DomainError as refusal:
            response = JsonResponse(refusal.as_body(), status=refusal.status)
        except (msgspec.MsgspecError, RecursionError):  # not JSON of ours, or nested without end
            said = DomainError("This was not understood. Load the page again.", code="bad_request")
            response = JsonResponse(said.as_body(), status=said.status)
        response["Cache-Control"] = "no-store"
        return response

    return answer


def _centre(request: HttpRequest, session_id: uuid.UUID) -> Centre:
    return sessions.centre_of(session_id, request.COOKIES.get(COOKIE, ""))


@door
def open_link(request: HttpRequest) -> HttpResponse:
    """Trade a link's secret for a session. Changes no stage."""
    asked = msgspec.json.decode(request.body, type=OpenRequest)
    sessions.check_boot(asked.boot)
    found = links.look_up(asked.secret)
    _throttle("open", found.link_id)
    centre = centre_by_wall(found.centre_id)
    with scope(centre):
        opened = sessions.open_session(
            found.link_id,
            known=asked.session,
            boot=asked.boot,
            device=devices.name(request.headers.get("User-Agent", "")),
            language=catalogue.match(asked.language)
            or catalogue.negotiate(request.headers.get("Accept-Language", ""), centre.language),
        )
        call = opened.session.call
        answer = {
            "session": str(opened.session.pk),
            "centre": {"slug": centre.slug, "name": centre.name},
            "call": cards.caller_card(call),
            "language": call.language,
            # The page changes to it by itself, unless the person has chosen another.
            "chosen": catalogue.chosen(call=call.language, centre=centre.language),
            "asks": call.asks,
            "ws": f"/s/{opened.session.pk}/ws",
            "epoch": replay.epoch(),
        }
        if asked.seat:
            given = seats.at_hand(_participant(opened.session, asked.boot))
            answer["seat"] = _seat_body(given) if given else None
    response = JsonResponse(answer)
    response.set_cookie(
        COOKIE,
        opened.cookie,
        path=f"/s/{opened.session.pk}/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
        max_age=24 * 3600,
    )
    return response


@door
def seen(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """The page is visible."""
    with scope(_centre(request, session_id)):
        sessions.seen(sessions.get(session_id))
    return HttpResponse(status=204)


@door
def seat(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """A place in the room, warm or live."""
    centre = _centre(request, session_id)
    boot = sessions.check_boot(msgspec.json.decode(request.body, type=BootRequest).boot)
    _throttle("seat", session_id)
    with scope(centre):
        participant = _participant(sessions.get(session_id), boot)
    return JsonResponse(_seat_body(seats.seat(centre=centre, participant_id=participant.pk)))


@door
def tap(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """The tap: this page publishes now."""
    centre = _centre(request, session_id)
    asked = msgspec.json.decode(request.body, type=BootRequest)
    boot = sessions.check_boot(asked.boot)
    _throttle("tap", session_id)
    with scope(centre):
        call = sessions.tap(sessions.get(session_id), boot=boot, resume=asked.resume)
        publisher = call.publisher.boot if call.publisher else None
        generation = call.generation
    return JsonResponse({"publisher": publisher, "generation": generation})


@door
def items(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Fixes, chat, permission and media reports."""
    centre = _centre(request, session_id)
    asked = lenient(request.body, ItemsRequest)
    outcome = intake.apply(
        centre=centre, session_id=session_id, boot=asked.boot, raw_items=asked.items
    )
    return JsonResponse(outcome)


@door
def poll(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """What the socket would have said, for a page whose network blocks it."""
    centre = _centre(request, session_id)
    asked = msgspec.json.decode(request.body, type=PollRequest)
    boot = sessions.check_boot(asked.boot)
    _throttle("poll", session_id)
    with scope(centre):
        session = sessions.get(session_id)
        sessions.heard(session.pk, by=boot, polling=True)
        call = session.call
    answer = feeds.catch_up(centre, call, asked.epoch, asked.last_seq)
    return JsonResponse({**answer, "now": replay.now()})


def _participant(session: CallerSession, boot: str) -> Participant:
    return seats.participant(call=session.call, kind="caller", boot=boot, session=session.pk)


def _seat_body(given: seats.Seat) -> dict[str, Any]:
    return {**given.as_body(), "staff_prefix": seats.STAFF_PREFIX}


def _throttle(kind: str, key: uuid.UUID) -> None:
    if not throttles.allow(kind, str(key)):
        raise Throttled("Too many tries. Wait a minute, then tap again.")
