"""Web processes as they are run, on the tests' database, behind one listening socket."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from django.conf import settings
from django.db import connection
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode

from dispatch.centres.models import Centre
from dispatch.tests.sockets import client_of
from scripts.sightline.app import SERVER
from scripts.sightline.paths import ROOT

READY_WITHIN_S = 30


class Served:
    """Any number of processes; each connection is taken by one that listens."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self._listening.close()

    def start(self) -> subprocess.Popen[bytes]:
        """One more process, listening."""
        log = self._log(len(self._processes))
        with log.open("wb") as out:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "uvicorn", "dispatch.asgi:application"),
                    *("--fd", str(self._listening.fileno()), *SERVER),
                ],
                cwd=ROOT,
                env=os.environ
                | {
                    "DJANGO_SETTINGS_MODULE": "dispatch.settings",
                    "DATABASE_URL": database_url(),
                    "ALLOWED_HOSTS": "localhost",
                },
                pass_fds=[self._listening.fileno()],
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)
        until = time.monotonic() + READY_WITHIN_S
        while "running on socket" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        return process

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The newest."""
        return self._processes[-1]

    def said(self) -> str:
        """What all of them logged."""
        return "".join(self._log(number).read_text() for number in range(len(self._processes)))

    def connect(self, path: str, cookie: str) -> connect:
        """A socket to one of them."""
        return connect(
            f"ws://localhost:{self.port}{path}",
            origin="http://localhost",  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie},
            compression=None,
            max_size=None,
        )

    def _log(self, number: int) -> Path:
        return self._folder / f"web{number}.log"


def console_cookie(user: Any) -> str:
    """The cookie of a signed-in browser. Database work."""
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client_of(user).cookies[name].value}"


def console_hello(centre: Centre, **more: Any) -> dict[str, Any]:
    return {"t": "hello", "v": 1, "stream": "centre", "centre": centre.slug, "boot": "b", **more}


async def say(wire: ClientConnection, message: Any) -> None:
    await wire.send(msgspec.json.encode(message).decode())


async def hear(wire: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = msgspec.json.decode(await wire.recv())
    return message


async def until(found: Callable[[], bool], within: float = 15) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + within
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.02)


def deaf(port: int, cookie: str, hello: dict[str, Any]) -> socket.socket:
    """A console that says hello and then reads nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.sendall(
        "GET /ws/console/ HTTP/1.1\r\n"
        f"Host: localhost:{port}\r\nOrigin: http://localhost\r\nCookie: {cookie}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
    )
    assert b" 101 " in connection.recv(1024)
    connection.sendall(Frame(Opcode.TEXT, msgspec.json.encode(hello)).serialize(mask=True))
    return connection


@contextmanager
def growth(pid: int) -> Iterator[list[float]]:
    """The memory a process has gained when the block ends, in MB."""
    found: list[float] = []
    before = _resident(pid)
    yield found
    found.append(_resident(pid) - before)


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def database_url() -> str:
    """Where other processes find the tests' database."""
    base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return f"{base}/{connection.settings_dict['NAME']}"
