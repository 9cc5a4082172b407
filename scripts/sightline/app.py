"""The parts that are ours: web, worker and beat."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from .livekit import answers
from .part import Part
from .paths import PYTHON, ROOT

#: How uvicorn serves us, wherever it runs (also in Procfile and Dockerfile).
SERVER = (
    *("--ws", "dispatch.feed.server:Protocol", "--lifespan", "off"),
    # Clients may say 16 kB (dispatch.feed.socket says so politely); far more is not even read.
    *("--ws-max-size", "65536"),
    # Deflate would cost each socket its own window and work: what is said is short, and the same
    # bytes for all.
    *("--ws-per-message-deflate", "false"),
    # Longer than a proxy keeps a connection idle (Caddy: two minutes): whoever closes first must
    # be the one that knows whether it is about to ask. A POST on a closed one is an error.
    *("--timeout-keep-alive", "130"),
    *("--timeout-graceful-shutdown", "2", "--no-access-log"),
)


class OwnPart(Part):
    ready_within = 90.0

    def __init__(self, *, base: Path, env: dict[str, str], port: int, log_dir: Path) -> None:
        super().__init__(log_dir=log_dir)
        self.base = base
        self.port = port
        self._env = env
        self.directory = ROOT

    def environment(self) -> dict[str, str]:
        return super().environment() | self._env

    def program(self, name: str, *arguments: str) -> list[str]:
        """A console script of the virtual environment, by module: its shebang may be too long."""
        return [str(PYTHON), "-m", name, *arguments]


class Web(OwnPart):
    name = "web"
    title = "The web server"
    # A browser that does not answer the goodbye holds the polite stop for two seconds.
    stop_signals = (signal.SIGTERM, signal.SIGINT)
    stop_grace = 3.0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def command(self) -> list[str]:
        return self.program(
            "uvicorn",
            "dispatch.asgi:application",
            *("--host", "127.0.0.1", "--port", str(self.port)),
            *SERVER,
            # Who asks, and whether over TLS: believed from the TLS host on this machine alone.
            *("--proxy-headers", "--forwarded-allow-ips", "127.0.0.1"),
        )

    def ready(self) -> bool:
        return answers(f"http://127.0.0.1:{self.port}/health/ready", host=f"localhost:{self.port}")


class Worker(OwnPart):
    name = "worker"
    title = "The worker"
    stop_signals = (signal.SIGTERM, signal.SIGQUIT)
    stop_grace = 5.0

    def command(self) -> list[str]:
        return self.program(
            "celery",
            *("-A", "dispatch.celery", "worker"),
            *("--pool", "threads", "--concurrency", "8", "-l", "info"),
            # Nothing of what workers would tell each other is used, and listening for it takes
            # a second at every start and every reconnection.
            *("--without-mingle", "--without-gossip"),
        )

    def ready(self) -> bool:
        return re.search(r"@\S+ ready|\bready\.", self.said()) is not None


class Beat(OwnPart):
    name = "beat"
    title = "Beat"
    stop_grace = 5.0

    def prepare(self) -> None:
        # The schedule is static; a half-written file of a killed run would stop beat.
        for left in self.base.glob("beat*"):
            left.unlink()

    def command(self) -> list[str]:
        return self.program(
            "celery",
            *("-A", "dispatch.celery", "beat"),
            *("-s", str(self.base / "beat"), "--pidfile=", "-l", "info"),
        )

    def ready(self) -> bool:
        return "beat: Starting" in self.said()
