"""Collecting static files into the one directory they are served from."""

from __future__ import annotations

import os

from ..paths import BASEMAP, BASEMAP_DIR, PYTHON, ROOT, STATIC_ROOT, digest
from ..say import timed
from .frontend import MANIFEST, source_digest
from .tools import Stamp, run

# collectstatic reads settings, and settings insist on secrets; it uses none of these.
NO_SECRETS = {
    "DJANGO_SETTINGS_MODULE": "dispatch.settings",
    "DEVELOPMENT": "true",
    "SECRET_KEY": "unused" * 10,
    "LINK_KEY": "00" * 32,
}


def install() -> None:
    if not (ROOT / "manage.py").exists():
        return
    settings = sorted((ROOT / "dispatch" / "settings").glob("*.py"))
    basemap = str(BASEMAP.stat().st_mtime_ns) if BASEMAP.exists() else ""
    built = str(MANIFEST.stat().st_mtime_ns) if MANIFEST.exists() else ""
    inputs = digest(source_digest(), basemap, built, ROOT / "requirements.txt", *settings)
    stamp = Stamp("static", inputs)
    if stamp.fresh() and STATIC_ROOT.is_dir():
        return
    with timed("Collecting static files"):
        run(
            [
                *(PYTHON, "manage.py", "collectstatic", "--noinput", "--clear", "-v", "0"),
                "--no-post-process",  # compressing takes 12 s and gains nothing on this machine
            ],
            what="Collecting static files",
            hint="see the lines above.",
            cwd=ROOT,
            env=dict(os.environ)
            | NO_SECRETS
            | {"STATIC_ROOT": str(STATIC_ROOT), "BASEMAP_DIR": str(BASEMAP_DIR)},
        )
    stamp.set()
