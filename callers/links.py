"""Links: secrets that are derived when needed and never stored.

A link is https://<caller host>/<centre>#<secret>. The secret is 22 letters and digits (at
least 128 bits: 62**22 > 2**130), the HMAC-SHA-256 of link id and version under LINK_KEY. It
stands in the fragment, so it reaches no server log, preview or Referer (W3C TAG, Good
Practices for Capability URLs; ASVS 5.0, 14.2.1).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import string
import uuid
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.utils import timezone

from callers.models import Link
from dispatch.calls import events
from dispatch.calls.access import lock
from dispatch.calls.models import Call, CallEvent
from dispatch.centres.access import system_scope
from dispatch.centres.models import User
from dispatch.errors import Conflict, DomainError
from dispatch.feed.replay import stamp
from dispatch.feed.unit import append

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH = 22
_SHAPE = re.compile(r"[0-9A-Za-z]{22}")

events.WORDS.update(
    {
        "link.made": "Link made",
        "link.shown": "Link shown as QR",
        "link.revoked": "Link revoked",
    }
)


class LinkDead(DomainError):
    """Unknown, malformed, revoked or closed: one answer, so that none can be told apart."""

    code, status = "link_dead", 404

    def __init__(self) -> None:
        super().__init__(
            "This link does not work any more. Ask the person on the phone for a new link."
        )


@dataclass(frozen=True)
class Found:
    """What a secret leads to, before the centre is known: ids only."""

    link_id: uuid.UUID
    centre_id: int


def derive(link_id: uuid.UUID, version: int) -> str:
    """The secret of a link: 22 characters of base 62."""
    mac = hmac.new(
        bytes.fromhex(settings.LINK_KEY), link_id.bytes + version.to_bytes(2, "big"), hashlib.sha256
    ).digest()
    number, digits = int.from_bytes(mac, "big"), []
    for _ in range(SECRET_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(digits)


def fingerprint(secret: str) -> str:
    """SHA-256 of a secret, by which it is looked up. Plain hashing is enough from 112 bits on."""
    return hashlib.sha256(secret.encode()).hexdigest()


def url(link: Link) -> str:
    """The whole address for a text. It holds the secret: never log or store it."""
    return f"{settings.PUBLIC_ORIGIN}/{link.centre.slug}#{derive(link.pk, link.version)}"


def make(call: Call) -> Link:
    """Make the call's link, or return the active one. Inside the centre's scope."""
    active = Link.objects.filter(call=call, state=Link.State.ACTIVE).first()
    if active is not None:
        return cast(Link, active)
    link = Link(centre_id=call.centre_id, call=call)
    link.sha256 = fingerprint(derive(link.pk, link.version))
    link.save(force_insert=True)
    events.record(call, "link.made", data={"link": str(link.pk)})
    append(f"centre:{call.centre_id}", "link", str(link.pk), body(link))
    return link


def show(call: Call, *, user: User) -> str:
    """The address of the call's link, for somebody who can see the dispatcher's screen.

    It is a capability, so who was shown it stays on record. Raises Conflict for a closed call
    (code call_closed) and for one without a working link (code link_revoked).
    """
    call = lock(call)
    if not call.is_open:
        raise Conflict("This call is closed. Undo closing first.", code="call_closed")
    active = Link.objects.select_related("centre").filter(call=call, state=Link.State.ACTIVE)
    link = active.first()
    if link is None:
        raise Conflict(
            "The link of this call was revoked. Resend the text: it brings a new link.",
            code="link_revoked",
        )
    events.record(
        call,
        "link.shown",
        actor=CallEvent.Actor.STAFF,
        user=user,
        data={"link": str(link.pk)},
    )
    return url(link)


def revoke(call: Call, *, user: User) -> int:
    """Revoke every active link of the call; the count. The caller of this moves the room."""
    call = lock(call)
    active = list(Link.objects.filter(call=call, state=Link.State.ACTIVE))
    for link in active:
        link.state, link.revoked_at = Link.State.REVOKED, timezone.now()
        link.save(update_fields=["state", "revoked_at"])
        append(f"centre:{call.centre_id}", "link", str(link.pk), body(link))
        append(call.stream, "link", str(link.pk), {"id": str(link.pk), "state": link.state})
    if active:
        events.record(call, "link.revoked", actor=CallEvent.Actor.STAFF, user=user)
    return len(active)


def look_up(secret: str) -> Found:
    """From a secret to ids. Whether the link still works is for the scope to say.

    Raises LinkDead for one that is malformed or unknown.
    """
    if not _SHAPE.fullmatch(secret):
        raise LinkDead
    with system_scope("links.lookup"):
        row = Link.objects.filter(sha256=fingerprint(secret)).values("pk", "centre_id").first()
    if row is None:
        raise LinkDead
    return Found(link_id=row["pk"], centre_id=row["centre_id"])


def working(link_id: uuid.UUID, *, also_undoable: bool = False) -> Link:
    """The link, if its call can be joined now. Inside the scope. Raises LinkDead.

    `also_undoable` lets a page that reloads after the goodbye wait for an undo.
    """
    link = Link.objects.select_related("call", "centre").filter(pk=link_id).first()
    if link is None or link.state != Link.State.ACTIVE:
        raise LinkDead
    undoable = also_undoable and link.call.undo_until and timezone.now() < link.call.undo_until
    if not link.call.is_open and not undoable:
        raise LinkDead
    return cast(Link, link)


def body(link: Link) -> dict[str, object]:
    """The link on the consoles: never its secret."""
    return {
        "id": str(link.pk),
        "call": str(link.call_id),
        "state": link.state,
        "created_at": stamp(link.created_at),
    }
