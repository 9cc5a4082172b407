"""The front end: packages from the lockfile, then the build."""

from __future__ import annotations

from pathlib import Path

from ..paths import STATIC, digest
from ..say import timed
from . import node
from .tools import Stamp, run

DIST = STATIC / "dist"
MANIFEST = DIST / ".vite" / "manifest.json"
NOT_SOURCE = {"node_modules", "dist", "coverage"}


def install() -> None:
    packages()
    build()


def packages() -> None:
    lock = STATIC / "package-lock.json"
    stamp = Stamp("npm", digest(lock, STATIC / "package.json"))
    if stamp.fresh() and (STATIC / "node_modules").is_dir():
        return
    environment = node.environment()
    with timed("Installing front-end packages"):
        run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            what="Installing front-end packages",
            hint="see whether this machine reaches its npm registry, then try again.",
            cwd=STATIC,
            env=environment,
        )
    stamp.set()


def build(*, force: bool = False) -> None:
    stamp = Stamp("frontend", source_digest())
    if not force and stamp.fresh() and MANIFEST.exists():
        return
    environment = node.environment()
    with timed("Building the front end"):
        run(
            ["npm", "run", "build"],
            what="Building the front end",
            hint="mend what the lines above name, under static/src.",
            cwd=STATIC,
            env=environment,
        )
    stamp.set()


def source_digest() -> str:
    files = sorted(
        path
        for path in _walk(STATIC)
        if path.suffix not in {".md", ".log"} and ".test." not in path.name
    )
    return digest(*(part for file in files for part in (str(file.relative_to(STATIC)), file)))


def _walk(directory: Path) -> list[Path]:
    found: list[Path] = []
    for path in directory.iterdir():
        if path.is_dir():
            if path.name not in NOT_SOURCE and not path.name.startswith("."):
                found += _walk(path)
        else:
            found.append(path)
    return found
