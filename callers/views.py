"""The caller page: the same for everyone (per centre), no oracle, GET changes nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dispatch.centres.models import Centre


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The page a link leads to. The secret is in the fragment and never comes here."""
    centre = Centre.objects.filter(slug=slug).first()
    if centre is None:
        response = render(request, "callers/unknown.html", status=404)
    else:
        response = render(
            request,
            "callers/page.html",
            {"centre": {"slug": centre.slug, "name": centre.name}, "language": "en", "dir": "ltr"},
        )
    response["Cache-Control"] = "no-store"
    # The page's address holds nothing secret, yet nobody needs to learn it either.
    response["Referrer-Policy"] = "no-referrer"
    response["Permissions-Policy"] = (
        "camera=(self), microphone=(self), geolocation=(self), screen-wake-lock=(self)"
    )
    return response
