"""Sending a link: the text row, its way to the provider, and what comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from callers import catalogue, links
from callers.models import TextMessage
from callers.sms import gateway, words
from dispatch.calls import cards, events, services, stages
from dispatch.calls.access import lock
from dispatch.calls.models import Call, CallEvent, Stage
from dispatch.centres.access import centre_by_wall, scope
from dispatch.centres.models import Centre, User
from dispatch.errors import Conflict, Throttled
from dispatch.feed.replay import stamp
from dispatch.feed.unit import append
from dispatch.outbox.carry import calling, insist, put
from dispatch.outbox.handlers import Handler, register

State = TextMessage.State

#: A text nobody could send within this time is given up: a late link helps no one.
VALID_FOR = timedelta(minutes=5)
NOT_SENT = "Sending was interrupted, and the text did not go out. Send it again."
#: At most this many texts for one call (SMS pumping, impatient fingers).
TEXTS_PER_CALL = 10

events.WORDS.update(
    {
        "text.queued": "Text requested",
        "text.accepted": "Text accepted by the provider",
        "text.delivered": "Text delivered",
        "text.failed": "Text not sent",
        "text.unknown": "Unknown whether the text went out",
    }
)


def send_link(
    *,
    centre: Centre,
    owner: User,
    number: str,
    language: str,
    command: UUID | None = None,
    another: bool = False,
) -> tuple[Call, TextMessage]:
    """Open a call and send its link: one unit, done once per `command`.

    Raises what services.open_call raises.
    """
    call, new = services.open_call(
        centre=centre,
        owner=owner,
        number=number,
        language=language,
        command=command,
        another=another,
    )
    if new:
        return call, queue_text(call, user=owner)
    return call, TextMessage.objects.filter(call=call).order_by("queued_at")[0]


def resend(call: Call, *, user: User) -> TextMessage:
    """Send the call's link once more. Raises Conflict, Throttled."""
    call = lock(call)
    if not call.is_open:
        raise Conflict("This call is closed. Undo closing first.", code="call_closed")
    if TextMessage.objects.filter(call=call).count() >= TEXTS_PER_CALL:
        raise Throttled("This call has had ten texts. Close it and send to another number.")
    return queue_text(call, user=user)


def queue_text(call: Call, *, user: User) -> TextMessage:
    """Write the text and the work of sending it. Inside the scope."""
    link = links.make(call)
    text: TextMessage = TextMessage.objects.create(
        centre_id=call.centre_id,
        call=call,
        link=link,
        number=call.number,
        provider=settings.SMS_PROVIDER,
        queued_at=timezone.now(),
    )
    put("callers.text", {"text": str(text.pk)})
    events.record(
        call,
        "text.queued",
        actor=CallEvent.Actor.STAFF,
        user=user,
        data={"text": str(text.pk)},
        payload=text.number,
        salt=text.salt,
    )
    _announce(text)
    return text


def carry_text(wall: int, args: dict[str, Any]) -> None:
    """Send one text: scope, provider, scope. Never twice: see outbox.claims.

    What it may find in `sending` was claimed before, by a worker that went before its call.
    """
    centre = centre_by_wall(wall)
    with scope(centre):
        text = _advance(args["text"], {State.QUEUED, State.SENDING}, State.SENDING)
        if text is None:
            return
        if why := _too_late(text):
            _settle(text, State.FAILED, why)
            return
        to, wording, reference = text.number, _words(text), str(text.pk)
        provider = text.provider
    try:
        sent = gateway.get(provider).send(
            to=to, body=wording, reference=reference, deadline=calling()
        )
    except gateway.NotAccepted as refusal:
        _after(centre, args["text"], State.FAILED, refusal.reason)
    except gateway.Uncertain as doubt:
        _after(centre, args["text"], State.UNKNOWN, doubt.reason)
    else:
        insist(
            lambda: _after(centre, args["text"], State.ACCEPTED, "", provider_id=sent.provider_id)
        )
        if sent.state == "delivered":
            _after(centre, args["text"], State.DELIVERED, "")


def _too_late(text: TextMessage) -> str:
    if not text.call.is_open:
        return "The call was closed before the text went out."
    if timezone.now() - text.queued_at > VALID_FOR:
        minutes = VALID_FOR // timedelta(minutes=1)
        return f"It could not be sent for {minutes} minutes. Send it again."
    return ""


def lost_text(wall: int, args: dict[str, Any]) -> None:
    """The worker died while sending: nobody knows, so the dispatcher decides."""
    _after(centre_by_wall(wall), args["text"], State.UNKNOWN, "Sending was interrupted.")


def unsent_text(wall: int, args: dict[str, Any]) -> None:
    """It was said to be unknown, and surely was not sent."""
    _after(centre_by_wall(wall), args["text"], State.FAILED, NOT_SENT)


def give_up_text(wall: int, args: dict[str, Any]) -> None:
    """Every attempt failed before the provider was asked."""
    _after(centre_by_wall(wall), args["text"], State.FAILED, NOT_SENT)


def apply_delivery(wall: int, text_id: UUID, *, delivered: bool, reason: str = "") -> None:
    """A delivery report: states only move forward, a report may come twice or out of order."""
    _after(
        centre_by_wall(wall), str(text_id), State.DELIVERED if delivered else State.FAILED, reason
    )


def _words(text: TextMessage) -> str:
    return words.invitation(
        centre=text.centre.name,
        link=links.url(text.link),
        language=catalogue.of_call(call=text.call.language, centre=text.centre.language),
    )


#: From which states each state may be reached.
_FROM: dict[str, set[str]] = {
    State.SENDING: {State.QUEUED},
    State.ACCEPTED: {State.SENDING, State.UNKNOWN},
    State.DELIVERED: {State.SENDING, State.ACCEPTED, State.UNKNOWN, State.FAILED},
    State.FAILED: {State.QUEUED, State.SENDING, State.ACCEPTED, State.UNKNOWN},
    State.UNKNOWN: {State.SENDING},
}


def _advance(text_id: str, before: set[Any], state: str) -> TextMessage | None:
    """Lock call and text, and move the text on; None when it is not in a state before that."""
    call_id = TextMessage.objects.filter(pk=text_id).values_list("call_id", flat=True).first()
    if call_id is None:
        return None
    lock(call_id)
    if not TextMessage.objects.filter(pk=text_id, state__in=before).update(state=state):
        return None
    found = TextMessage.objects.select_related("call", "centre", "link__centre").get(pk=text_id)
    return cast(TextMessage, found)


def _after(centre: Centre, text_id: str, state: str, reason: str, provider_id: str = "") -> None:
    with scope(centre):
        text = _advance(text_id, _FROM[state], state)
        if text is not None:
            if provider_id:
                text.provider_id = provider_id
            _settle(text, state, reason)


def _settle(text: TextMessage, state: str, reason: str) -> None:
    """Write times, event, stage and item of a text that has reached a state."""
    now = timezone.now()
    text.state, text.reason = state, reason[:200]
    if state == State.ACCEPTED:
        text.accepted_at = now
        stages.reach(text.call, Stage.ACCEPTED, now)
    elif state == State.DELIVERED:
        text.delivered_at = now
        stages.reach(text.call, Stage.DELIVERED, now)
    elif state == State.FAILED:
        text.failed_at = now
        stage = Stage.DELIVERED if text.accepted_at else Stage.ACCEPTED
        stages.fail(text.call, stage, reason[:80])
    elif state == State.UNKNOWN:
        stages.fail(text.call, Stage.ACCEPTED, reason[:80] or "unknown")
    text.save()
    events.record(
        text.call,
        f"text.{state}",
        data={"text": str(text.pk), **({"detail": reason} if reason else {})},
    )
    cards.changed(text.call)
    _announce(text)


def _announce(text: TextMessage) -> None:
    append(f"centre:{text.centre_id}", "text", str(text.pk), body(text))


def body(text: TextMessage) -> dict[str, Any]:
    """The text on the consoles: its states and times, not its words."""
    return {
        "id": str(text.pk),
        "call": str(text.call_id),
        "to": cards.display(text.number),
        "provider": text.provider,
        "state": text.state,
        "reason": text.reason or None,
        "queued_at": stamp(text.queued_at),
        "accepted_at": stamp(text.accepted_at),
        "delivered_at": stamp(text.delivered_at),
        "failed_at": stamp(text.failed_at),
    }


def register_work() -> None:
    """Name this room's outbox handlers; called when the app is ready."""
    register(
        "callers.text",
        Handler(
            carry=carry_text,
            repeatable=False,
            lost=lost_text,
            unsent=unsent_text,
            gave_up=give_up_text,
        ),
    )
