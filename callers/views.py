"""The caller page: the same for everyone (per centre and language). GET changes nothing."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from callers import catalogue, scripts
from dispatch.centres.languages import name_of
from dispatch.centres.models import Centre

#: So many buttons fit beside the centre's name; more languages become a list to pick from.
BUTTONS = 4
YEAR_S = 365 * 24 * 3600


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The page a link leads to. The secret is in the fragment and never comes here."""
    centre = Centre.objects.filter(slug=slug).first()
    accept = request.headers.get("Accept-Language", "")
    language = catalogue.negotiate(accept, centre.language if centre else catalogue.SOURCE)
    spoken = {
        "language": language,
        "dir": catalogue.direction(language),
        "say": catalogue.sentences(language),
    }
    if centre is None:
        response = render(request, "callers/unknown.html", spoken, status=404)
    else:
        response = render(request, "callers/page.html", spoken | _content(centre, language))
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["Accept-Language"])
    # The page's address holds nothing secret, yet nobody needs to learn it either.
    response["Referrer-Policy"] = "no-referrer"
    response["Permissions-Policy"] = (
        "camera=(self), microphone=(self), geolocation=(self), screen-wake-lock=(self)"
    )
    return response


@require_safe
def words(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """Every sentence of the page in a language, for a page that changes to it in place.

    The same for every centre, and kept by browsers for as long as its address names its content.
    """
    if language not in catalogue.languages():
        raise Http404
    response = HttpResponse(catalogue.for_page(language), content_type="application/json")
    current = request.GET.get("v") == catalogue.version(language)
    response["Cache-Control"] = f"public, max-age={YEAR_S}, immutable" if current else "no-cache"
    return response


def _content(centre: Centre, language: str) -> dict[str, Any]:
    codes = catalogue.languages()
    before, _, after = catalogue.sentences(language)["introLead"].partition("{allow}")
    return {
        "centre": {"slug": centre.slug, "name": centre.name},
        "lead": (before, after),
        # It comes with every page, so without its line breaks.
        "style": mark_safe(re.sub(r"\s*\n\s*", "", render_to_string("callers/page.css"))),  # noqa: S308 - ours
        "first": mark_safe(scripts.inline("src/caller/first.ts")),  # noqa: S308 - ours
        "words": mark_safe(catalogue.for_script(language)),  # noqa: S308 - escaped there
        "languages": [
            {
                "code": code,
                "dir": catalogue.direction(code),
                "name": name_of(code)[:1].upper() + name_of(code)[1:],
                "url": f"/{centre.slug}/words/{code}.json?v={catalogue.version(code)}",
            }
            for code in codes
        ],
        "listed": len(codes) - 1 > BUTTONS,
    }
