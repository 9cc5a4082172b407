"""The web server where people reach it, and the files it hands out."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

from django.conf import settings

from dispatch.upkeep.doctor import ask
from dispatch.upkeep.doctor.examine import Seen, first_bad
from dispatch.upkeep.doctor.result import Result, failed, not_checked, ok

#: Without its database the web server takes 3 s to say so.
ANSWER_S = 4.5
BUILD = "Build and collect them: npm run build in static/, then python manage.py collectstatic."


def web(seen: Seen) -> Result:
    """Whether people's address leads to a web server of ours that can work."""
    url = f"{settings.PUBLIC_ORIGIN}/health/ready"
    try:
        answer = ask.get(url, timeout_s=ANSWER_S)
    except TimeoutError:
        if bad := first_bad(seen, ("database",)):
            return not_checked("web", f"It waits for {bad.part}, which does not work.")
        return failed(
            "web",
            f"{settings.PUBLIC_ORIGIN} does not answer in {ANSWER_S:.0f} s.",
            "See the log and the load of the web server, and what the firewall does to this port.",
        )
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return failed(
            "web",
            f"Nothing answers at {settings.PUBLIC_ORIGIN} ({_kind(problem)}).",
            "Start the web server and the proxy before it, or correct PUBLIC_ORIGIN; if only this"
            " machine cannot get there, look at its name resolution.",
        )
    facts = {} if answer.clock_offset_s is None else {"clock_offset_s": answer.clock_offset_s}
    parts = _parts(answer.body)
    if parts is None:
        return failed(
            "web",
            f"{settings.PUBLIC_ORIGIN} answers {answer.status}, but not as Sightline.",
            "See where the proxy sends /health/ready, and whether ALLOWED_HOSTS has this host.",
            **facts,
        )
    # What is away for us as well is told elsewhere, and not the web server's fault.
    for key, part, name in (("db", "database", "PostgreSQL"), ("redis", "redis", "Redis")):
        if parts.get(key) is False and first_bad(seen, (part,)) is None:
            return failed(
                "web",
                f"The web server answers, but does not reach {name}, which we do.",
                f"Compare its {part.upper()}_URL with the one here, and restart it.",
                **facts,
            )
    return ok("web", f"{settings.PUBLIC_ORIGIN} answers.", **facts)


def static(_: Seen) -> Result:
    """Whether all that the pages load, and the basemap, are where they are served from."""
    root = Path(settings.STATIC_ROOT)
    try:
        names = _built(Path(str(settings.DJANGO_VITE["default"]["manifest_path"])))
    except (OSError, ValueError, AttributeError):
        return failed("static", "The front end has not been built: no manifest.", BUILD)
    absent = sorted(name for name in names if not (root / name).is_file())
    if absent:
        what = f"{len(absent)} of {len(names)} files of the pages are not in {root}."
        return failed("static", what, BUILD, absent=absent[:20])
    basemap = root / "map" / "world.pmtiles"
    try:
        with basemap.open("rb") as file:
            is_map = file.read(7) == b"PMTiles"
    except OSError:
        is_map = False
    if not is_map:
        return failed(
            "static",
            f"The basemap is not in {root / 'map'}: positions would be shown on an empty map.",
            "Put world.pmtiles into BASEMAP_DIR and run python manage.py collectstatic.",
        )
    return ok("static", f"{len(names)} files of the pages and the basemap are there.")


def _parts(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)["parts"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, dict) else None


def _built(manifest: Path) -> set[str]:
    entries = json.loads(manifest.read_text())
    files = {entry["file"] for entry in entries.values()}
    for entry in entries.values():
        files.update(entry.get("css", ()), entry.get("assets", ()))
    return files


def _kind(problem: Exception) -> str:
    if isinstance(problem, ConnectionRefusedError):
        return "refused"
    return type(problem).__name__
