"""Scripts that are written into the caller page instead of being fetched by it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@cache
def inline(entry: str) -> str:
    """The built code of a Vite entry that stands alone, ready to be put into the page.

    Raises ImproperlyConfigured where the front end is not built, or where the entry imports
    something: a script without an address cannot name its neighbours.
    """
    manifest = Path(str(settings.DJANGO_VITE["default"]["manifest_path"]))
    try:
        built: dict[str, Any] = json.loads(manifest.read_text())[entry]
        code: str = (manifest.parent.parent / str(built["file"])).read_text()
    except (OSError, KeyError) as problem:
        raise ImproperlyConfigured(f"{entry} is not built: {problem!r}") from problem
    if others := [*built.get("imports", ()), *built.get("dynamicImports", ())]:
        raise ImproperlyConfigured(f"{entry} must stand alone, and imports {others}")
    if "</script" in code.lower() or "<!--" in code:
        raise ImproperlyConfigured(f"{entry} would end the element it stands in")
    return code.strip()
