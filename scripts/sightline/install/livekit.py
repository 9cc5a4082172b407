"""The LiveKit server, built from its source at a pinned version and kept under var/."""

from __future__ import annotations

import subprocess

from ..paths import LIVEKIT, LIVEKIT_VERSION
from . import go

SOURCE = f"github.com/livekit/livekit-server/cmd/server@v{LIVEKIT_VERSION}"


def install() -> None:
    if not LIVEKIT.exists():
        title = f"the LiveKit server {LIVEKIT_VERSION}"
        go.build(SOURCE, program="server", into=LIVEKIT, title=title)


def built_version() -> str:
    """What the binary says of itself; for reports."""
    said = subprocess.run(  # noqa: S603
        [str(LIVEKIT), "--version"], capture_output=True, text=True, check=False
    )
    return said.stdout.strip()
