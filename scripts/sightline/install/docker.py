"""Linters of Dockerfile and docker-compose.yml, from their own lockfile; for the tests only."""

from __future__ import annotations

import shutil

from ..paths import ROOT, TOOLS, digest
from ..say import timed
from . import node
from .tools import Stamp, run

SOURCE = ROOT / "scripts" / "docker"
HOME = TOOLS / "docker-lint"
PROGRAMS = HOME / "node_modules" / ".bin"


def install() -> None:
    files = [SOURCE / "package.json", SOURCE / "package-lock.json"]
    stamp = Stamp("docker-lint", digest(*files))
    if stamp.fresh() and PROGRAMS.is_dir():
        return
    environment = node.environment()
    HOME.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copy(file, HOME)
    with timed("Installing linters for Docker's files"):
        run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            what="Installing linters for Docker's files",
            hint="see whether this machine reaches its npm registry, then try again.",
            cwd=HOME,
            env=environment,
        )
    stamp.set()
