"""The running system of the rows: started once, its dead parts started again as `make run` does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import redis.asyncio

from bench.chaos import people
from bench.chaos.parts import (
    Database,
    First,
    Second,
    Shared,
    mount,
    shifted_clock,
    sockets_of,
)
from bench.chaos.people import Staff
from bench.chaos.proxy import Proxy
from scripts.sightline.part import Part
from scripts.sightline.say import Trouble
from scripts.sightline.stack import OWN, Stack
from scripts.sightline.supervisor import FIRST_WAIT, LOOK_EVERY

T = TypeVar("T")
FLOODER = """
from dispatch.centres.models import Centre, Membership, User
centre = Centre.objects.create(slug="{slug}", name="Other Centre", country="US")
user = User.objects.create_user("{email}", "{password}", name="Other Dispatcher")
Membership.objects.create(user=user, centre=centre)
"""


@dataclass(frozen=True)
class Plan:
    """What a row's system differs in. `through`: reached by a relay ("redis", "postgres" by all of
    ours; "broker" is Redis as the worker alone has it). `memory_mb`: the database's disk is a
    file system of this size in memory. `clocks`: seconds by which a part's clock is wrong."""

    through: tuple[str, ...] = ()
    postgres: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int = 0
    env: Mapping[str, str] = field(default_factory=dict)
    clocks: Mapping[str, int] = field(default_factory=dict)


class Skip(Exception):
    """The fault cannot be injected on this machine; the reason."""


class Twins(Stack):
    """A stack with two web processes behind one listener."""

    def stop(self) -> None:
        extra = [part for name, part in self.parts.items() if name not in (*OWN, *_SERVICES)]
        for part in extra:
            part.stop()
        super().stop()

    def start_own(self) -> None:
        own = [part for name, part in self.parts.items() if name not in _SERVICES]
        for part in own:
            part.start()
        self.seed()  # while they load
        for part in own:
            part.wait_ready()


_SERVICES = ("postgres", "redis", "livekit")


class Ground:
    """An asynchronous context. Parts are started and ended by a thread that lives as long as it,
    for the kernel takes the death of the starting thread for the death of the parent."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.held: set[str] = set()  # parts that stay dead until they are let go
        self.proxies: dict[str, Proxy] = {}
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="hands")
        self._closing = contextlib.ExitStack()
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.do(self._build)
            self.http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
            account = self.stack.passwords["dispatcher"]
            self.staff = await self._staff(str(account["email"]), str(account["password"]), "demo")
        except BaseException:
            await self._close()
            raise
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self.http.close()
        await self._close()

    # What rows ask for.

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.stack.ports['web']}"

    @property
    def database(self) -> Database:
        part = self.stack.parts["postgres"]
        assert isinstance(part, Database)
        return part

    def part(self, name: str) -> Part:
        return self.stack.parts[name]

    async def do(self, work: Callable[[], T]) -> T:
        """Run blocking work in the thread that owns the parts."""
        return await asyncio.get_running_loop().run_in_executor(self._hands, work)

    async def kill(self, name: str) -> None:
        """As a crash would; who keeps the parts starts it again, unless it is held."""
        await self.do(self.part(name).kill)

    def signal(self, name: str, number: signal.Signals) -> None:
        pid = self.part(name).pid
        assert pid
        os.kill(pid, number)

    async def until_ready(self, name: str, within: float = 60.0) -> float:
        """Seconds until the part runs and answers. Raises TimeoutError."""
        part, begun = self.part(name), time.monotonic()
        async with asyncio.timeout(within):
            while not (part.alive and await asyncio.to_thread(part.ready)):
                await asyncio.sleep(0.05)
        return time.monotonic() - begun

    async def whole(self) -> None:
        """Every part runs and answers. Raises TimeoutError."""
        for name in self.stack.parts:
            await self.until_ready(name)

    @property
    def webs(self) -> list[str]:
        return [name for name, part in self.stack.parts.items() if isinstance(part, Shared)]

    def busiest(self) -> str:
        """The web process with the most connections."""
        port = self.stack.ports["web"]
        alive = {name: self.part(name).pid for name in self.webs if self.part(name).alive}
        counts = {name: sockets_of(pid, port) for name, pid in alive.items() if pid}
        return max(counts, key=lambda name: counts[name])

    async def redis_says(self, *command: str) -> str:
        """The answer to one command, from the server itself and not through a relay."""
        async with redis.asyncio.Redis.from_url(self.direct["redis"], socket_timeout=5) as client:
            return str(await client.execute_command(*command))  # type: ignore[no-untyped-call]

    async def other_centre(self) -> Staff:
        """A dispatcher of a centre of their own."""
        slug, password = f"c{secrets.token_hex(4)}", secrets.token_urlsafe(16)
        email = f"{slug}@demo.example"
        code = FLOODER.format(slug=slug, email=email, password=password)
        await self.do(lambda: self.stack.manage("shell", "-c", code))
        return await self._staff(email, password, slug)

    # How it is put together.

    async def _staff(self, email: str, password: str, centre: str) -> Staff:
        staff = Staff(self.http, self.origin, email=email, password=password, centre=centre)
        await people.persist(staff.sign_in)
        return staff

    def _build(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="sightline-chaos-"))
        self._closing.callback(shutil.rmtree, folder, ignore_errors=True)
        self.folder = folder
        self.stack = stack = Twins(folder, port=0, env=self.plan.env)
        home = stack.postgres.home
        self._closing.callback(shutil.rmtree, home, ignore_errors=True)
        self.direct = {"redis": stack.redis_url, "postgres": stack.database_url}
        self._share_listener()
        stack.parts["postgres"] = Database.instead_of(stack.postgres, dict(self.plan.postgres))
        if self.plan.memory_mb:
            if not mount(home, self.plan.memory_mb):
                raise Skip("no file system in memory can be mounted here (needs root)")
            self._closing.callback(subprocess.run, ["umount", "-l", str(home)], check=False)
            shutil.chown(home, stack.postgres.user, stack.postgres.user)
        for name in self.plan.through:
            self._relay(name)
        self._set_clocks()
        self._closing.callback(stack.stop)
        stack.start()

    def _share_listener(self) -> None:
        stack, port = self.stack, self.stack.ports["web"]
        listening = socket.create_server(("127.0.0.1", port), backlog=2048)
        # Inherited by what it accepts; uvicorn sets it on sockets that it has made itself.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._closing.callback(listening.close)
        for kind in (First, Second):
            part = kind(base=stack.root, env=stack.env, port=port, log_dir=stack.log_dir)
            part.share(listening.fileno())
            stack.parts[part.name] = part

    def _relay(self, name: str) -> None:
        service = "redis" if name == "broker" else name
        proxy = Proxy(self.stack.ports[service])
        self._closing.callback(proxy.close)
        self.proxies[name] = proxy
        own = self.stack.parts["worker"]
        variable = "DATABASE_URL" if service == "postgres" else "REDIS_URL"
        address = _at(self.direct[service], proxy.port)
        if name == "broker":
            vars(own)["_env"] = {**self.stack.env, variable: address}
        else:
            # The very dictionary that its own parts read when they start.
            self.stack.env[variable] = address

    def _set_clocks(self) -> None:
        if not self.plan.clocks:
            return
        library = shifted_clock(self.folder)
        if library is None:
            raise Skip("no C compiler is here, to build clock.c (apt-get install gcc)")
        for name, seconds in self.plan.clocks.items():
            more = {"LD_PRELOAD": str(library), "CLOCK_SHIFT_S": str(seconds)}
            vars(self.stack.parts[name])["_env"] = {**self.stack.env, **more}

    async def _close(self) -> None:
        await self.do(self._closing.close)
        self._hands.shutdown()

    async def _keep(self) -> None:
        """Start dead parts again, as scripts.sightline.supervisor does for `make run`."""
        dead_since: dict[str, float] = {}
        while True:
            await asyncio.sleep(LOOK_EVERY)
            for name, part in list(self.stack.parts.items()):
                if part.alive or name in self.held or part.process is None:
                    dead_since.pop(name, None)
                elif time.monotonic() - dead_since.setdefault(name, time.monotonic()) > FIRST_WAIT:
                    del dead_since[name]
                    with contextlib.suppress(Trouble, OSError):  # the next look tries again
                        await self.do(part.start)


def _at(url: str, port: int) -> str:
    """The same address at another port."""
    parts = urlsplit(url)
    place = f"{parts.netloc.rpartition(':')[0]}:{port}"
    return urlunsplit(parts._replace(netloc=place))
