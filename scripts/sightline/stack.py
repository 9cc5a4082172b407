"""The running system as a library: `make run`, the tests and the measurements all use it.

    with Stack(root=tmp_path, port=0) as s:
        s.web_url, s.env, s.passwords, s.livekit.kill(), s.restart("worker")

Every directory and port is private to the stack. Leaving the block ends every process.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from . import keys
from .app import Beat, OwnPart, Web, Worker
from .caddy import Caddy
from .lan import Lan
from .livekit import LiveKit
from .part import Part
from .paths import BASEMAP_DIR, PYTHON, ROOT, STATIC_ROOT, private_dir
from .ports import Ports
from .postgres import Postgres
from .redis import Redis
from .say import Trouble

ALL = ("postgres", "redis", "livekit", "web", "worker", "beat")
P = TypeVar("P", bound=Part)

SERVICES = ("postgres", "redis", "livekit", "caddy")
OWN: dict[str, type[OwnPart]] = {"web": Web, "worker": Worker, "beat": Beat}


class Stack:
    def __init__(
        self,
        root: Path | str,
        *,
        port: int | None = 0,
        parts: Iterable[str] = ALL,
        env: Mapping[str, str] | None = None,
        temporary: bool = True,
        ports: dict[str, int] | None = None,
        lan: Lan | None = None,
    ) -> None:
        """`port`: 0 any, None the one used before (8000 at first), else exactly that one.
        `temporary`: quick and forgetful; the data goes when the stack stops.
        `ports`: those of a stack that runs already, to talk to it without starting it.
        `lan`: serve phones in this network too, all over HTTPS; `port` is then that of HTTPS."""
        self.root = private_dir(Path(root))
        self.temporary = temporary
        self.log_dir = private_dir(self.root / "log")
        self.secrets = keys.load(self.root / "secrets.env")
        self.passwords: dict[str, dict[str, str | None]] = {}
        self.lan = lan
        address = lan.address if lan else ""
        self.ports = Ports(None if temporary else self.root / "ports.json", address=address)
        self._wanted = tuple(name for name in ALL if name in set(parts))
        if ports is not None:
            self.ports.adopt(ports)
        else:
            self._choose_ports(port)
        self.env: dict[str, str] = {}
        self.parts: dict[str, Part] = {}
        self._assemble(dict(env or {}))

    # What a caller asks for.

    @property
    def web_url(self) -> str:
        """The origin of every page."""
        if self.lan:
            return f"https://{self.lan.address}:{self.ports['lan']}"
        return f"http://localhost:{self.ports['web']}"

    @property
    def database_url(self) -> str:
        return self.env["DATABASE_URL"]

    @property
    def redis_url(self) -> str:
        return self.env["REDIS_URL"]

    @property
    def postgres(self) -> Postgres:
        return self._typed("postgres", Postgres)

    @property
    def livekit(self) -> LiveKit:
        return self._typed("livekit", LiveKit)

    @property
    def caddy(self) -> Caddy:
        return self._typed("caddy", Caddy)

    @property
    def redis(self) -> Redis:
        return self._typed("redis", Redis)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Everything, in order, each ready before what needs it."""
        self.start_services()
        if any(name in self.parts for name in OWN):
            self.migrate()
            self.start_own()

    def start_services(self) -> None:
        services = [part for name, part in self.parts.items() if name in SERVICES]
        for part in services:
            part.start()
        for part in services:
            part.wait_ready()
        if not self.temporary:
            self.ports.remember()

    def start_own(self) -> None:
        own = [part for name, part in self.parts.items() if name in OWN]
        for part in own:
            part.start()
        self.seed()  # while they load
        for part in own:
            part.wait_ready()

    def stop(self) -> None:
        """Ours first and together, then what they stand on; nothing stays."""
        own = [part for name, part in self.parts.items() if name in OWN]
        if own:
            with ThreadPoolExecutor(len(own)) as pool:
                list(pool.map(lambda part: part.stop(), own))
        for name in reversed(SERVICES):
            if name in self.parts:
                self.parts[name].stop()
        if self.temporary and "postgres" in self.parts:
            self.postgres.remove()
        self.ports.release()

    def restart(self, name: str) -> None:
        part = self.parts[name]
        part.stop()
        part.start()
        part.wait_ready()

    def migrate(self) -> None:
        self.manage("migrate", "--noinput", "-v", "0")

    def seed(self) -> None:
        self._keep_passwords(self.manage("seed_demo"))

    def new_passwords(self) -> None:
        self._keep_passwords(self.manage("set_demo_passwords"))

    def manage(self, *arguments: str) -> str:
        """Run a management command against this stack; its standard output."""
        result = subprocess.run(  # noqa: S603
            [str(PYTHON), "manage.py", *arguments],
            cwd=ROOT,
            env=os.environ | self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise Trouble(
                f"manage.py {arguments[0]} failed.",
                tried=f"manage.py {' '.join(arguments)}",
                detail="\n".join((result.stderr or result.stdout).strip().splitlines()[-12:]),
                hint=f"the logs are in {self.log_dir}",
            )
        return result.stdout

    # How it is put together.

    def _typed(self, name: str, kind: type[P]) -> P:
        part = self.parts[name]
        if not isinstance(part, kind):
            raise TypeError(name)
        return part

    def _choose_ports(self, wanted: int | None) -> None:
        named = wanted is None
        # What people type: pages alone, or behind the TLS host.
        public, prefer = ("lan", range(8443, 8453)) if self.lan else ("web", range(8000, 8010))
        if wanted:
            self.ports.insist(public, wanted)
        else:
            self.ports.choose(public, prefer=prefer if named else ())
        if self.lan:
            self.ports.choose("trust", prefer=range(8080, 8090) if named else ())
            self.ports.choose("web")
        for name in ("postgres", "redis", "livekit", "livekit_tcp"):
            self.ports.choose(name)
        self.ports.choose("livekit_udp", udp=True)

    def _assemble(self, overrides: dict[str, str]) -> None:
        web, base, log_dir, secret = self.ports["web"], self.root, self.log_dir, self.secrets
        livekit = LiveKit(
            base=base,
            port=self.ports["livekit"],
            tcp_port=self.ports["livekit_tcp"],
            udp_port=self.ports["livekit_udp"],
            keys=secret["LIVEKIT_KEYS"],
            webhook=f"http://127.0.0.1:{web}/lk/webhook",
            log_dir=log_dir,
            address=self.lan.address if self.lan else "",
        )
        redis = Redis(
            base=base, port=self.ports["redis"], password=secret["REDIS_PASSWORD"], log_dir=log_dir
        )
        database = f"sightline:{secret['DATABASE_PASSWORD']}@127.0.0.1:{self.ports['postgres']}"
        self.env = {
            "DJANGO_SETTINGS_MODULE": "dispatch.settings",
            "DEVELOPMENT": "true",
            "SECRET_KEY": secret["SECRET_KEY"],
            "LINK_KEY": secret["LINK_KEY"],
            "DATABASE_URL": f"postgis://{database}/sightline",
            "REDIS_URL": redis.url,
            "PUBLIC_ORIGIN": self.web_url,
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "LIVEKIT_URL": livekit.url,
            "LIVEKIT_API_URL": livekit.api_url,
            "LIVEKIT_KEYS": secret["LIVEKIT_KEYS"],
            "SMS_PROVIDER": "demo",
            "LOG_LEVEL": "INFO",
            "STATIC_ROOT": str(STATIC_ROOT),
            "BASEMAP_DIR": str(BASEMAP_DIR),
            "PYTHONUNBUFFERED": "1",
        }
        if self.lan:
            self.env |= {
                "ALLOWED_HOSTS": ",".join(self.lan.names),
                "LIVEKIT_URL": self.web_url.replace("https", "wss"),
                # A browser that remembers to insist on HTTPS would lock people out of whatever
                # else has this address, or has it tomorrow.
                "HSTS_SECONDS": "0",
                "TLS_AUTHORITY": str(self._caddy(self.lan).authority_file),
            }
        self.env |= overrides
        for name in self._wanted:
            if name == "postgres":
                self.parts[name] = Postgres(
                    base=base,
                    port=self.ports["postgres"],
                    password=secret["DATABASE_PASSWORD"],
                    admin_password=secret["DATABASE_ADMIN_PASSWORD"],
                    log_dir=log_dir,
                    temporary=self.temporary,
                )
            elif name == "redis":
                self.parts[name] = redis
            elif name == "livekit":
                self.parts[name] = livekit
                if self.lan:
                    self.parts["caddy"] = self._caddy(self.lan)
            else:
                self.parts[name] = OWN[name](base=base, env=self.env, port=web, log_dir=log_dir)

    def _caddy(self, lan: Lan) -> Caddy:
        return Caddy(
            base=self.root,
            lan=lan,
            port=self.ports["lan"],
            trust_port=self.ports["trust"],
            web_port=self.ports["web"],
            livekit_port=self.ports["livekit"],
            log_dir=self.log_dir,
        )

    def _keep_passwords(self, output: str) -> None:
        lines = output.strip().splitlines()
        try:
            self.passwords = json.loads(lines[-1])
        except (IndexError, ValueError):
            raise Trouble("The accounts were made, but their passwords were not told.") from None
