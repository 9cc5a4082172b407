"""Start a synthetic caller in a process of its own, and hear what it lived through.

The media library is native code with threads of its own: what crashes or hangs there ends
with that process. Tokens go in by standard input; nothing that comes out holds one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

#: From the first step of the call to the picture, in seconds; and with starting the process.
WITHIN_S = 4.5
LIMIT_S = 8.0

#: How far it came. BROKEN: our own process; SIGNAL: no signalling; OFFER: the node names no
#: address for this transport; MEDIA: no connection to it; FRAME: no picture; PAIR: a picture,
#: but over something else; DONE: as wanted.
BROKEN, SIGNAL, OFFER, MEDIA, FRAME, PAIR, DONE = (
    "broken",
    "signal",
    "offer",
    "media",
    "frame",
    "pair",
    "done",
)
STAGES = (BROKEN, SIGNAL, OFFER, MEDIA, FRAME, PAIR, DONE)
HOME = Path(__file__).resolve().parent.parent.parent.parent


@dataclass(frozen=True)
class Order:
    """What to do: connect to `url` over `transport` (udp or tcp) and nothing else."""

    url: str
    transport: str
    camera_token: str = field(repr=False)
    viewer_token: str = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """`pairs` are the protocols of the ICE pairs in use, publisher's first; `offered` the
    node's addresses for this transport; `refused` the status its signalling answered with."""

    stage: str
    connected_ms: int | None = None
    first_frame_ms: int | None = None
    pairs: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)
    refused: int | None = None


def call(*, url: str, transport: str, camera_token: str, viewer_token: str) -> Outcome:
    """Make one test call. Never raises; takes LIMIT_S at most."""
    order = Order(
        url=url, transport=transport, camera_token=camera_token, viewer_token=viewer_token
    )
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dispatch.upkeep.synthetic"],
            input=json.dumps(asdict(order)),
            capture_output=True,
            text=True,
            cwd=HOME,
            # It needs no secret of the installation, so it gets none.
            env={k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")},
            timeout=LIMIT_S,
            check=False,
        )
        return read(done.stdout)
    except (OSError, subprocess.TimeoutExpired):
        return Outcome(stage=BROKEN)


def read(said: str) -> Outcome:
    """The outcome that the process printed last; BROKEN where it printed none."""
    try:
        found = Outcome(**json.loads(said.strip().splitlines()[-1]))
    except (ValueError, TypeError, IndexError):
        return Outcome(stage=BROKEN)
    return found if found.stage in STAGES else Outcome(stage=BROKEN)
