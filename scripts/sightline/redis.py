"""A private Redis: broker, cache and bus. It keeps nothing, for nothing in it is the truth."""

from __future__ import annotations

import shutil
import signal
import socket
from pathlib import Path

from .part import Part
from .paths import private_dir
from .say import Trouble


class Redis(Part):
    name = "redis"
    title = "Redis"
    death_signal = signal.SIGTERM
    ready_within = 15.0

    def __init__(self, *, base: Path, port: int, password: str, log_dir: Path) -> None:
        super().__init__(log_dir=log_dir)
        self.port = port
        self._password = password
        self.directory = private_dir(base / "redis")

    @property
    def url(self) -> str:
        return f"redis://default:{self._password}@127.0.0.1:{self.port}/0"

    @property
    def standard_input(self) -> bytes:  # type: ignore[override]
        """The configuration goes in by standard input: the password is on no command line."""
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"requirepass {self._password}",
            'save ""',
            "appendonly no",
            "daemonize no",
            'logfile ""',
            "maxmemory-policy noeviction",
            f'dir "{self.directory}"',
        ]
        return ("\n".join(lines) + "\n").encode()

    def command(self) -> list[str]:
        program = shutil.which("redis-server")
        if program is None:
            raise Trouble(
                "Redis is not installed.",
                hint="run `make install`, or: apt-get install redis-server",
            )
        return [program, "-"]

    def ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.settimeout(1)
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2:
                    received = connection.recv(200)
                    if not received:
                        break
                    answer += received
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
