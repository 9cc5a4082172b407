"""The world basemap, built once from open data that comes in packages."""

from __future__ import annotations

from ..paths import BASEMAP, BASEMAP_DIR, PYTHON, ROOT, STATIC
from ..say import timed
from . import frontend, python
from .tools import run


def install() -> None:
    if BASEMAP.exists():
        return
    frontend.packages()  # the shapes of land and borders
    python.require(python.TOOL_FILES["basemap"], name="basemap")
    BASEMAP_DIR.mkdir(parents=True, exist_ok=True)
    with timed("Building the basemap"):
        run(
            [PYTHON, "-m", "scripts.sightline.basemap", STATIC / "node_modules", BASEMAP],
            what="Building the basemap",
            hint="see the lines above; remove var/map to start over.",
            cwd=ROOT,
        )
