"""The whole of it: services, two web processes, two workers, beat, the provider, one dispatcher."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dispatch.tests.crash import processes
from dispatch.tests.crash.client import Client
from dispatch.tests.crash.counter import Counter
from dispatch.tests.crash.processes import Process
from scripts.sightline.ports import Ports
from scripts.sightline.stack import Stack

SETTINGS = "dispatch.tests.crash.settings"


class Stuck(AssertionError):
    """What should have happened by itself did not."""


def until(condition: Callable[[], Any], *, within_s: float, what: str) -> float:
    """Wait for it; the seconds it took. Raises Stuck."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within_s:
            raise Stuck(f"{what}: not within {within_s:g} s")
        time.sleep(0.02)
    return time.monotonic() - began


def looks_since(process: Process, since: float) -> bool:
    """Whether a worker has looked at the table after that moment, in seconds since the epoch."""
    from dispatch.outbox.models import Worker

    moment = datetime.fromtimestamp(since, UTC)
    return bool(Worker.objects.filter(name=process.name, looked_at__gt=moment).exists())


class Scene:
    """Private services and processes; leaving the block ends all of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stack = Stack(root / "stack", parts=("postgres", "redis", "livekit"))
        self.counter = Counter()
        self._ports = Ports(None)
        self.web_ports = [self._ports.choose(f"web{number}") or 0 for number in (0, 1)]
        #: What must still be so when all is over: text → times it was accepted, closed calls.
        self.expected: dict[str, int] = {}
        self.closed: list[str] = []
        self.web: list[Process] = []
        self.workers: list[Process] = []
        self.beat: Process

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    @property
    def everyone(self) -> list[Process]:
        return [*self.web, *self.workers]

    def client(self, ports: list[int] | None = None) -> Client:
        return Client(ports or self.web_ports, slug=self.centre.slug, session=self._session)

    def wait_web(self, process: Process) -> None:
        """Until it answers."""
        until(lambda: self.there(process), within_s=20, what=f"{process.name} listens")

    def there(self, process: Process) -> bool:
        """Whether it is at work (again): a web process listens, a worker looks."""
        if process in self.web:
            with socket.socket() as one:
                port = self.web_ports[self.web.index(process)]
                return one.connect_ex(("127.0.0.1", port)) == 0
        return looks_since(process, process.started_at)

    @contextmanager
    def quiet(self, process: Process) -> Iterator[None]:
        """Stopped for the length of the block, as a process that the system has forgotten."""
        process.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.signal(signal.SIGCONT)

    def _start(self) -> None:
        self.stack.start_services()
        os.environ.update(self.stack.env)
        os.environ.update(
            DJANGO_SETTINGS_MODULE=SETTINGS,
            COUNTED_URL=self.counter.url,
            PUBLIC_ORIGIN="http://localhost",
            ALLOWED_HOSTS="localhost",
            CELERY_SKIP_CHECKS="1",
            LOG_LEVEL="WARNING",
        )
        # Migrations and the media node's row, by the ordinary build.
        self.stack.migrate()
        self.stack.seed()
        import django

        django.setup()
        self._people()
        processes.load()
        log = self.root / "log"
        log.mkdir(exist_ok=True)
        for number, port in enumerate(self.web_ports):
            self.web.append(processes.web(f"web{number}", port, log / f"web{number}.log"))
        for number in (0, 1):
            name = f"worker{number}@crash"
            self.workers.append(processes.worker(name, log / f"worker{number}.log"))
        self.beat = processes.beat("beat", self.root / "beat", log / "beat.log")
        for process in (*self.everyone, self.beat):
            process.start()
        for one in self.web:
            self.wait_web(one)
        from dispatch.outbox import signs

        until(lambda: signs.workers() == 2, within_s=30, what="both workers look")

    def _people(self) -> None:
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore

        from dispatch.centres.models import Centre
        from dispatch.tests import factories

        self.centre: Centre = factories.centre()
        person = factories.user(centre=self.centre, password=secrets.token_urlsafe(16))
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        self._session = str(session.session_key)

    def _stop(self) -> None:
        for process in (*self.everyone, *([self.beat] if hasattr(self, "beat") else ())):
            process.kill()
        self.stack.stop()
        self.counter.close()
        self._ports.release()
        assert threading.active_count() < 50
