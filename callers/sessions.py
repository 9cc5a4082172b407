"""Caller sessions: who opened the link, what they allowed, and who publishes."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from callers import links
from callers.models import CallerSession, Link
from dispatch.calls import cards, events, presence, requests, seats, stages
from dispatch.calls.access import lock
from dispatch.calls.models import Call, CallEvent, Stage
from dispatch.centres.access import centre_by_wall, system_scope
from dispatch.centres.models import Centre
from dispatch.errors import Conflict, DomainError, NotFound
from dispatch.feed.replay import stamp
from dispatch.feed.unit import append
from dispatch.logging import about

CALLER = CallEvent.Actor.CALLER
_BOOT = re.compile(r"[A-Za-z0-9_-]{8,40}")

WHATS = ("camera", "microphone", "position")
OUTCOMES = {
    "granted": "allowed",
    "denied": "refused",
    "dismissed": "not answered",
    "absent": "not on this phone",
    "busy": "used by another app",
    "timeout": "no answer",
    "insecure": "not possible on this page",
    "unsupported": "not possible in this browser",
    "failed": "did not start",
}

events.WORDS.update(
    {
        "session.opened": "Link opened",
        "session.tapped": "Caller tapped Start",
        "permission.camera": "Camera",
        "permission.microphone": "Microphone",
        "permission.position": "Position",
    }
)


@dataclass(frozen=True)
class Opened:
    """A session and the cookie that proves it (given to the browser once, stored hashed)."""

    session: CallerSession
    cookie: str


def check_boot(boot: object) -> str:
    """A page load's id as the browser made it. Raises DomainError."""
    if isinstance(boot, str) and _BOOT.fullmatch(boot):
        return boot
    raise DomainError("This page sent something odd. Load it again.", code="bad_boot")


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def open_session(
    link_id: uuid.UUID, *, known: uuid.UUID | None, boot: str, device: str, language: str
) -> Opened:
    """The session of this browser on this link: the known one of a reload, else a new one.

    A session's id is random and known to its own browser only, so together with the link's
    secret it names the session again; the cookie is made anew each time. Inside the scope.
    Raises LinkDead. Changes no stage: opening says nothing about a person, scanners do it too.
    """
    session = CallerSession.objects.filter(pk=known, link_id=link_id).first() if known else None
    link = links.working(link_id, also_undoable=session is not None)
    about(link.call_id)
    cookie = secrets.token_urlsafe(24)
    if session is not None:
        # The call's row before the session's, as everywhere: what the page before this one has
        # just sent is taken at this very moment, and a seat is asked for below.
        link.call = lock(link.call)
        session.cookie_sha256, session.boot = _hash(cookie), boot
        session.save(update_fields=["cookie_sha256", "boot"])
        reads(session, language=language)
        session.call = link.call
        return Opened(session, cookie)
    session = CallerSession.objects.create(
        centre_id=link.centre_id,
        call=link.call,
        link=link,
        cookie_sha256=_hash(cookie),
        boot=boot,
        device=device,
        language=language,
    )
    return Opened(session, cookie)


def centre_of(session_id: uuid.UUID, cookie: str) -> Centre:
    """The centre of a session whose cookie is right. Raises NotFound for anything else."""
    with system_scope("sessions.lookup"):
        row = (
            CallerSession.objects.filter(pk=session_id).values("centre_id", "cookie_sha256").first()
        )
    if row is None or not constant_time_compare(row["cookie_sha256"], _hash(cookie)):
        raise NotFound("Open the link in the text again.")
    return centre_by_wall(row["centre_id"])


def get(session_id: uuid.UUID) -> CallerSession:
    """The session, inside its centre's scope. Raises LinkDead when its link was revoked."""
    session = CallerSession.objects.select_related("call", "link").get(pk=session_id)
    about(session.call_id)
    if session.link.state != session.link.State.ACTIVE:
        raise links.LinkDead
    return cast(CallerSession, session)


def still_open(session_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Of these sessions, those that are there and whose link was not revoked. One query."""
    with system_scope("sessions.recheck"):
        found = CallerSession.objects.filter(
            pk__in=session_ids, link__state=Link.State.ACTIVE
        ).values_list("pk", flat=True)
        return set(found)


def confirm(session_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """The sockets of these sessions are there; of them, those that do not count as online."""
    with system_scope("sessions.recheck"):
        found = CallerSession.objects.filter(pk__in=session_ids)
        found.update(heard_at=Now())
        return set(found.filter(online=False).values_list("pk", flat=True))


def seen(session: CallerSession) -> None:
    """The page is visible: the link was opened."""
    call = lock(session.call)
    if call.is_open:
        _first_look(call, session)


def _first_look(call: Call, session: CallerSession) -> None:
    """Somebody looks at the page, for the first time. With the call's lock."""
    if not CallerSession.objects.filter(pk=session.pk, opened_at=None).update(
        opened_at=timezone.now()
    ):
        return
    session.refresh_from_db()
    events.record(call, "session.opened", actor=CALLER, data={"detail": session.device})
    stages.reach(call, Stage.OPENED)
    announce(session)


def tap(session: CallerSession, *, boot: str, resume: bool) -> Call:
    """A person tapped: this page publishes from now on. Only the tap proves a person.

    `resume` is a reload that goes on by itself, allowed while this session is the publisher's.
    Raises Conflict: call_closed, taken_over.
    """
    call = lock(session.call)
    if not call.is_open:
        raise Conflict("The call has ended.", code="call_closed")
    previous = call.publisher
    if resume and (previous is None or previous.session != session.pk):
        raise Conflict("Another phone is sending video now.", code="taken_over")
    participant = seats.participant(call=call, kind="caller", boot=boot, session=session.pk)
    if previous is not None and previous.pk == participant.pk:
        return call
    call = seats.publish(call=call, participant=participant)
    # Whoever taps sees the page, also where the post that says so is late or lost.
    _first_look(call, session)
    if not resume:
        requests.tapped(call, another=previous is None or previous.session != session.pk)
        events.record(call, "session.tapped", actor=CALLER, data={"session": str(session.pk)})
    if CallerSession.objects.filter(pk=session.pk, tapped_at=None).update(tapped_at=timezone.now()):
        session.refresh_from_db()
        announce(session)
    stages.reach(call, Stage.TAPPED)
    _mark_permitted(call, session)
    cards.changed(call)
    return call


def speaks(session: CallerSession, call: Call, boot: str) -> bool:
    """Whether this page load tells how things are now: the newest of the session, or the one
    that sends. What an earlier one had to say may come late, for pages post until they are heard.
    """
    sends = call.publisher is not None and (call.publisher.session, call.publisher.boot) == (
        session.pk,
        boot,
    )
    return sends or session.boot in ("", boot)


def permission(session: CallerSession, *, boot: str, what: str, outcome: str, detail: str) -> None:
    """What came of asking for camera, microphone or position.

    An earlier page load's word counts only where no later one has said anything of this.
    """
    call = lock(session.call)
    # Another request of the same page may have told of another permission meanwhile.
    session.refresh_from_db(fields=["permissions", "boot"])
    before = session.permissions.get(what, {})
    if before.get("boot", boot) != boot and not speaks(session, call, boot):
        return
    same = before.get("outcome") == outcome
    at = before["at"] if same else stamp(timezone.now())
    session.permissions |= {what: {"outcome": outcome, "at": at, "boot": boot}}
    session.save(update_fields=["permissions"])
    if same:
        return
    events.record(
        call,
        f"permission.{what}",
        actor=CALLER,
        data={
            "detail": OUTCOMES[outcome],
            "outcome": outcome,
            "note": detail.replace("\x00", "")[:200],
        },
    )
    _mark_permitted(call, session)
    announce(session)


def reads(session: CallerSession, *, language: str) -> None:
    """The page is in another language now."""
    lock(session.call_id)  # before the session's row: other items of the same post take both
    if (
        not CallerSession.objects.filter(pk=session.pk)
        .exclude(language=language)
        .update(language=language)
    ):
        return
    # The page may have been seen since `session` was read.
    session.refresh_from_db(fields=["language", "opened_at"])
    if session.opened_at:
        announce(session)


def _mark_permitted(call: Call, session: CallerSession) -> None:
    """Set the stage by what the publisher's page was allowed; other pages move no stage."""
    if call.publisher is None or call.publisher.session != session.pk:
        return
    outcomes = {what: found["outcome"] for what, found in session.permissions.items()}
    if "granted" in outcomes.values():
        stages.reach(call, Stage.PERMITTED)
    elif camera := outcomes.get("camera"):
        stages.fail(call, Stage.PERMITTED, f"camera {OUTCOMES[camera]}")


def heard(session_id: uuid.UUID, *, by: str, polling: bool = False) -> None:
    """A page of this session is there. `by`: its socket's own name, or the boot that polls.

    Raises NotFound.
    """
    now = timezone.now()
    call = _lock_call(session_id)
    session = CallerSession.objects.select_for_update(no_key=True).get(pk=session_id)
    if polling and session.online and session.polled_at is None:
        return  # a poll that its page's new socket has overtaken: the socket tells when it ends
    before = (session.online, session.polled_at is not None)
    if not session.online:
        session.online_at = now
    session.online, session.online_by = True, by
    # By the database's clock, for it is another machine that finds them too old.
    session.polled_at, session.heard_at = (Now(), None) if polling else (None, Now())
    session.save(update_fields=["online", "online_at", "online_by", "polled_at", "heard_at"])
    presence.heard(call, session=session_id, heard=True)
    if before != (True, polling) and session.opened_at:
        announce(session)


def silent(session_id: uuid.UUID, *, by: str) -> None:
    """Nothing is heard this way any more; an older way than the newest changes nothing."""
    try:
        call = _lock_call(session_id)
    except NotFound:
        return  # erased meanwhile, or begun in a database that is no more
    gone = CallerSession.objects.filter(pk=session_id, online=True, online_by=by)
    if gone.update(online=False, online_at=timezone.now(), polled_at=None):
        presence.heard(call, session=session_id, heard=False)
        session = CallerSession.objects.get(pk=session_id)
        if session.opened_at:
            announce(session)


def _lock_call(session_id: uuid.UUID) -> Call:
    """The session's call, locked: before the session's own row, as everywhere. Raises NotFound."""
    found = CallerSession.objects.filter(pk=session_id).values_list("call_id", flat=True).first()
    if found is None:
        raise NotFound("Open the link in the text again.")
    return lock(found)


def announce(session: CallerSession) -> None:
    """Show the session as it is now on the consoles, once its page was looked at."""
    # Whoever announces has just written to the row and so holds it: what is read here is the
    # latest, where `session` may lack what another request of the same page has written.
    now = CallerSession.objects.get(pk=session.pk)
    if now.opened_at is None:
        return  # nobody has looked at it: it stands in no snapshot either
    append(f"centre:{now.centre_id}", "session", str(now.pk), body(now))


def body(session: CallerSession) -> dict[str, Any]:
    """The session on the consoles."""
    return {
        "id": str(session.pk),
        "call": str(session.call_id),
        "opened_at": stamp(session.opened_at),
        "tapped_at": stamp(session.tapped_at),
        "device": session.device,
        "language": session.language,
        "online": session.online,
        "online_at": stamp(session.online_at),
        "polling": session.polled_at is not None,
        "conditions": session.conditions,
        "permissions": {
            what: {"outcome": found["outcome"], "at": found["at"]}
            for what, found in session.permissions.items()
        },
    }
