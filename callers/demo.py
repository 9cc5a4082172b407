"""The demo phone: a page with the texts that the demo provider "delivered"."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from callers import qr
from callers.models import DemoText
from dispatch.centres.access import system_scope
from dispatch.feed.replay import stamp

#: The newest so many are shown.
SHOWN = 20


def _require_demo(request: HttpRequest) -> None:
    """Not there outside development, nor for other machines.

    Its texts hold working links of every call. `make run-lan` lets a whole network in, and who
    sits in it is not known: a phone gets its link from the screen ("Show QR"), like a text.
    """
    if not settings.DEVELOPMENT or settings.SMS_PROVIDER != "demo" or not _from_here(request):
        raise Http404


def _from_here(request: HttpRequest) -> bool:
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _qr(link: str) -> str:
    return mark_safe(qr.svg(link)) if link else ""  # noqa: S308 (drawn from modules, no text gets in)


def texts() -> list[dict[str, Any]]:
    """The texts of every centre, newest first."""
    with system_scope("demo.phone"):
        found = list(DemoText.objects.order_by("-at", "-pk")[:SHOWN])
    return [
        {
            "id": str(text.text_id),
            "to": text.number,
            "sender": text.sender,
            "body_before": text.body.removesuffix(text.link),
            "link": text.link,
            "at": stamp(text.at),
            "qr_svg": _qr(text.link),
        }
        for text in found
    ]


def _unstored(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def phone(request: HttpRequest) -> HttpResponse:
    """The phone-shaped page."""
    _require_demo(request)
    return _unstored(render(request, "callers/phone.html", {"texts": texts()}))


@require_safe
def phone_texts(request: HttpRequest) -> HttpResponse:
    """The same texts as JSON, newest first: {texts: [{id, to, sender, body_before, link, …}]}."""
    _require_demo(request)
    return _unstored(JsonResponse({"texts": texts()}))
