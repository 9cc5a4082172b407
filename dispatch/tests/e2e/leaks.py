"""The search for secrets at rest: in a database dump, in Redis and in every log."""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import redis

from dispatch.tests.e2e.browsers import Ledger

# The demo provider plays the phone network: what it "delivered" is the one allowed place.
DEMO_TABLE = "callers_demotext"
INSTALLED = Path("/usr/lib/postgresql")


def dump(database_url: str) -> bytes:
    """The whole database as SQL, the demo provider's rows apart."""
    url = urlsplit(database_url)
    found = sorted(INSTALLED.glob("*/bin/pg_dump"), key=lambda p: int(p.parts[-3]), reverse=True)
    program = str(found[0]) if found else shutil.which("pg_dump")
    assert program, "pg_dump is missing (it comes with PostgreSQL's client)"
    where = ["-h", str(url.hostname), "-p", str(url.port), "-U", unquote(url.username or "")]
    result = subprocess.run(
        [program, *where, "-d", url.path.lstrip("/"), f"--exclude-table-data={DEMO_TABLE}"],
        env=os.environ | {"PGPASSWORD": unquote(url.password or "")},
        capture_output=True,
        check=True,
    )
    assert f"CREATE TABLE public.{DEMO_TABLE}".encode() in result.stdout, "the table was renamed"
    return result.stdout


def everything_in_redis(url: str) -> bytes:
    """All keys and values of all databases."""
    parts: list[bytes] = []
    with redis.Redis.from_url(url) as first:
        numbers = [int(name[2:]) for name in first.info("keyspace")]
    for number in numbers:
        with redis.Redis.from_url(urlsplit(url)._replace(path=f"/{number}").geturl()) as db:
            for key in db.scan_iter(count=1000):
                parts += [key, *_values(db, key)]
    return b"\n".join(parts)


def _values(db: Any, key: bytes) -> Iterator[bytes]:
    match db.type(key):
        case b"string":
            yield db.get(key) or b""
        case b"list":
            yield from db.lrange(key, 0, -1)
        case b"set":
            yield from db.smembers(key)
        case b"zset":
            yield from (member for member, _ in db.zscan_iter(key))
        case b"hash":
            for name, value in db.hgetall(key).items():
                yield name + b"\n" + value
        case b"stream":
            yield repr(db.xrange(key)).encode()


class Monitor:
    """Everything that passes through Redis: what is published or taken at once leaves no key."""

    def __init__(self, url: str, record: Path) -> None:
        self.record = record
        parts = urlsplit(url)
        self._socket = socket.create_connection((str(parts.hostname), int(parts.port or 6379)))
        if parts.password:
            self._socket.sendall(f"AUTH {unquote(parts.password)}\r\n".encode())
        self._socket.sendall(b"MONITOR\r\n")
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _listen(self) -> None:
        with self.record.open("ab", buffering=0) as out:
            try:
                while data := self._socket.recv(65536):
                    out.write(data)
            except OSError:
                return


def needles(ledger: Ledger) -> dict[str, list[bytes]]:
    """What to look for, by a name that does not itself give the secret away."""
    wanted: dict[str, list[bytes]] = {}
    for number, secret in enumerate(sorted(ledger.links), 1):
        wanted[f"link {number}"] = _spellings(secret)
    for number, token in enumerate(sorted(ledger.tokens), 1):
        # The signature is what makes it a token, and it survives however the rest was cut.
        wanted[f"token {number}"] = _spellings(token.rsplit(".", 1)[1])
    for number, cookie in enumerate(sorted(ledger.cookies), 1):
        wanted[f"cookie {number}"] = _spellings(cookie)
    return wanted


def _spellings(secret: str) -> list[bytes]:
    """As it is; as PostgreSQL prints bytes; and inside a base64 body, as Celery's messages are."""
    plain = secret.encode()
    found = [plain, plain.hex().encode()]
    for before in range(3):  # base64 looks different by where in three bytes the secret starts
        coded = base64.b64encode(b"x" * before + plain)
        tail = (0, 3, 2)[(before + len(plain)) % 3]  # what depends on the bytes that follow
        found.append(coded[(0, 2, 3)[before] : len(coded) - tail])
    if re.fullmatch(r"[A-Za-z0-9_-]{16,}", secret):
        # The bytes behind the letters, should somebody have kept those.
        found.append(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)).hex().encode())
    return found


def search(hay: Iterable[tuple[str, bytes]], wanted: dict[str, list[bytes]]) -> list[str]:
    """`<what> in <where>` for everything found."""
    return [
        f"{what} in {where}"
        for where, content in hay
        for what, spellings in wanted.items()
        if any(spelling in content for spelling in spellings)
    ]
