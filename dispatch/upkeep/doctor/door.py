"""Before anything else: settings that cannot be read are a result too, not a stack trace.

`manage.py` asks here first, for Django does not know our command where the settings fail.
"""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured

from dispatch.upkeep.doctor import report
from dispatch.upkeep.doctor.result import PARTS, Result, failed, not_checked

HOME = Path(__file__).resolve().parent.parent.parent.parent


def unreadable(arguments: list[str]) -> str | None:
    """The whole report where the settings cannot be read; None where they can."""
    began = time.monotonic()
    try:
        django.setup()
    except Exception as problem:  # noqa: BLE001 - anything at all can be wrong in them
        results = [_settings(problem)]
        results += [
            not_checked(part, "It stands on settings, which cannot be read.")
            for part in PARTS
            if part != "settings"
        ]
        seconds = time.monotonic() - began
        if "--json" in arguments:
            return report.as_json(results, seconds=seconds)
        return report.as_text(results, seconds=seconds, encoding=sys.stdout.encoding or "ascii")
    return None


def _settings(problem: Exception) -> Result:
    todo = "Every variable is explained in .env.example; `make run` sets them by itself."
    # Ours and django-environ's texts name variables, others may hold their values.
    if isinstance(problem, ImproperlyConfigured) and "\n" not in str(problem):
        return failed("settings", f"The settings cannot be read: {problem}", todo)
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [frame for frame in frames if "settings" in frame.filename and _is_ours(frame.filename)]
    where = ""
    if ours:
        where = f" in {Path(ours[-1].filename).relative_to(HOME)}, line {ours[-1].lineno}"
    return failed(
        "settings", f"The settings cannot be read ({type(problem).__name__}{where}).", todo
    )


def _is_ours(filename: str) -> bool:
    return Path(filename).is_relative_to(HOME / "dispatch" / "settings")
