"""Programs that are built from their Go modules at pinned versions and kept under var/."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ..paths import TOOLS, VAR
from ..say import timed
from . import python
from .tools import run, version_of

OLDEST = (1, 26)


def build(source: str, *, program: str, into: Path, title: str) -> None:
    """`go install` the module's command `program`; the binary becomes the file `into`."""
    into.parent.mkdir(parents=True, exist_ok=True)
    go = _go()
    with (
        timed(f"Building {title} (once; minutes on a small machine)"),
        tempfile.TemporaryDirectory(dir=VAR, prefix="build-") as directory,
    ):
        run(
            [go, "install", source],
            what=f"Building {title}",
            hint="see whether this machine reaches its Go module proxy (GOPROXY), then try again.",
            env={
                "GOBIN": directory,
                "CGO_ENABLED": "0",  # the same binary with and without a C compiler
                "GOFLAGS": "-buildvcs=false",
                "GOWORK": "off",
            },
            cwd=Path(directory),
        )
        (Path(directory) / program).replace(into)
    # A Go of our own is large and has done its work.
    shutil.rmtree(TOOLS / "go", ignore_errors=True)


def _go() -> str:
    if version_of("go", "version") >= OLDEST:
        return "go"
    home = TOOLS / "go"
    with timed("Installing Go (no system Go ≥ 1.26)"):
        python.into(home, python.TOOL_FILES["go"])
    program = home / "go" / "bin" / "go"
    for tool in (home / "go" / "pkg" / "tool").glob("*/*"):
        os.chmod(tool, 0o755)  # noqa: S103, PTH101 - compilers, to be run by everyone
    return str(program)
