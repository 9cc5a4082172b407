"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dispatch.upkeep import parts


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all."""
    return JsonResponse({"ok": True})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 with {ok, parts}; 503 without the database, or with one that was not migrated.

    Without one of the others everything else goes on, so its absence is told but is no
    failure: an installation whose web processes are all taken away helps nobody.
    """
    found = parts.now()
    ok = parts.useful(found)
    return JsonResponse({"ok": ok, "parts": found}, status=200 if ok else 503)
