"""Installing what is missing, and only that. Every step is skipped in milliseconds when done."""

from __future__ import annotations

import fcntl

from ..paths import STAMPS, VAR, private_dir
from . import basemap, caddy, docker, frontend, livekit, packages, python, static


def install(*, tests: bool = False, lan: bool = False) -> None:
    """Everything `make run` needs; with `tests` also what `make test` needs, with `lan` what
    `make run-lan` needs.

    One at a time per checkout: two runs side by side must not build the same directory.
    """
    VAR.mkdir(exist_ok=True)
    private_dir(STAMPS)
    with (VAR / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages.install(tests=tests, lan=lan or tests)
        python.install(tests=tests)
        livekit.install()
        if lan or tests:
            caddy.install()
        frontend.install()
        if tests:
            docker.install()
        basemap.install()
        static.install()
