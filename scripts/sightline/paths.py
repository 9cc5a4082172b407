"""Where things are. `var/` is the only place in the checkout that we write to at run time."""

from __future__ import annotations

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VAR = ROOT / "var"
VENV = VAR / "venv"
PYTHON = VENV / "bin" / "python"
TOOLS = VAR / "tools"
STAMPS = VAR / "stamps"
STATIC = ROOT / "static"
STATIC_ROOT = VAR / "static"
BASEMAP_DIR = VAR / "map"
BASEMAP = BASEMAP_DIR / "world.pmtiles"
REQUIREMENTS = ROOT / "scripts" / "requirements"

LIVEKIT_VERSION = "1.13.5"
LIVEKIT = VAR / "bin" / f"livekit-server-{LIVEKIT_VERSION}"

# Only where the system has no package of it.
CADDY_VERSION = "2.11.9"
CADDY = VAR / "bin" / f"caddy-{CADDY_VERSION}"


def digest(*things: Path | str) -> str:
    """One hash over files (by content, with their names) and strings."""
    total = hashlib.sha256()
    for thing in things:
        if isinstance(thing, Path):
            total.update(thing.name.encode() + b"\0" + thing.read_bytes() + b"\0")
        else:
            total.update(thing.encode() + b"\0")
    return total.hexdigest()


def private_dir(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
