"""A caller that floods a real web process: it says no, does not grow, and hears the others."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from callers.models import Fix
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.tests import factories
from dispatch.tests.caller import Phone, fix, secret_of

#: What a process may take more after the flood, in bytes: its threads, its caches, its garbage.
GROWTH = 60_000_000


class Web:
    """One uvicorn process on this run's database."""

    def __init__(self) -> None:
        with closing(socket.socket()) as found:
            found.bind(("127.0.0.1", 0))
            self.port = int(found.getsockname()[1])
        base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "dispatch.asgi:application"),
                *("--host", "127.0.0.1", "--port", str(self.port)),
                *("--ws", "websockets-sansio", "--lifespan", "off", "--no-access-log"),
            ],
            env={
                **os.environ,
                "DATABASE_URL": f"{base}/{connection.settings_dict['NAME']}",
                "DJANGO_SETTINGS_MODULE": "dispatch.settings",
                # Far fewer than there are requests at once: whoever waits must hold none.
                "DATABASE_POOL": "4",
            },
        )

    def memory(self) -> int:
        """Resident, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("localhost", self.port, timeout=30)

    def until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connect().connect()
                return
            except OSError:
                assert time.monotonic() < deadline
                assert self.process.poll() is None
                time.sleep(0.05)


@pytest.fixture
def web() -> Iterator[Web]:
    running = Web()
    try:
        running.until_ready()
        yield running
    finally:
        running.process.terminate()
        running.process.wait(10)


@pytest.fixture
def call() -> Call:
    return factories.call(centre=factories.centre())


class Caller:
    """A session of the call, speaking to the web process."""

    def __init__(self, web: Web, call: Call) -> None:
        phone = Phone(secret_of(call))
        phone.open()
        self.web, self.boot, self.path = web, phone.boot, f"/s/{phone.session}/items"
        self.headers = {
            "Origin": f"http://localhost:{web.port}",
            "Cookie": f"sl_session={phone.http.cookies['sl_session'].value}",
            "Content-Type": "application/json",
        }

    def post(self, body: bytes) -> tuple[int, Any]:
        with closing(self.web.connect()) as line:
            line.request("POST", self.path, body, self.headers)
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())

    def items(self, items: list[Any]) -> tuple[int, Any]:
        return self.post(json.dumps({"boot": self.boot, "items": items}).encode())

    def pour(self, *, announce: int | None, most: int) -> tuple[int, int]:
        """A body without an end: the status that came, and how many bytes were taken of it."""
        with closing(self.web.connect()) as line:
            line.putrequest("POST", self.path)
            for name, value in self.headers.items():
                line.putheader(name, value)
            if announce is None:
                line.putheader("Transfer-Encoding", "chunked")
            else:
                line.putheader("Content-Length", str(announce))
            line.endheaders()
            chunk, poured = b"x" * 65_536, 0
            framed = chunk if announce else b"10000\r\n" + chunk + b"\r\n"
            try:
                while poured < most:
                    line.send(framed)
                    poured += len(chunk)
            except (BrokenPipeError, ConnectionResetError):
                pass
            try:
                return line.getresponse().status, poured
            except (http.client.HTTPException, OSError):
                return 0, poured  # closed on us before we read the answer


def test_a_caller_that_floods_makes_the_server_neither_grow_nor_deaf(web: Web, call: Call) -> None:
    flooding, calm = Caller(web, call), Caller(web, call)
    assert flooding.items([{"client_seq": 1, **fix()}])[1]["acked"] == [1]
    assert calm.items([{"client_seq": 1, **fix()}])[1]["acked"] == [1]
    before = web.memory()

    for announce in (None, 50_000_000_000):
        statuses = []
        for _ in range(5):
            status, poured = flooding.pour(announce=announce, most=100_000_000)
            assert poured < 20_000_000, "what the kernel holds, not what somebody keeps"
            statuses.append(status)
        assert set(statuses) <= {413, 0}

    status, said = flooding.items([{"client_seq": 1, "kind": "chat", "text": "x" * 400_000}])
    assert (status, said["code"]) == (413, "too_long")
    status, said = flooding.items([{"client_seq": n} for n in range(1, 9_000)])
    assert (status, said["code"]) == (413, "too_long")
    status, said = flooding.post(b'{"boot":"%s","items":%s' % (b"b" * 9, b"[" * 200_000))
    assert (status, said["code"]) == (400, "bad_request")

    def fixes(start: int) -> tuple[int, Any]:
        return flooding.items([{"client_seq": start + n, **fix()} for n in range(400)])

    with ThreadPoolExecutor(16) as pool:
        began = time.monotonic()
        rounds = [pool.submit(fixes, 2 + number * 400) for number in range(100)]
        worst = 0.0
        for number in range(20):
            asked = time.monotonic()
            status, said = calm.items([{"client_seq": 2 + number, **fix()}])
            worst = max(worst, time.monotonic() - asked)
            assert (status, said["acked"]) == (200, [2 + number])
        outcomes = [one.result() for one in rounds]
        minutes = 1 + int((time.monotonic() - began) // 60)
    assert {status for status, _ in outcomes} == {200}
    acked = sum(len(said["acked"]) for _, said in outcomes)
    assert {r["code"] for _, said in outcomes for r in said["refused"]} == {"throttled"}
    # Fixed windows of a minute: one more may have begun.
    assert acked <= 1_200 * (minutes + 1)
    with scope(call.centre):
        assert Fix.objects.filter(call=call).count() == acked + 1 + 21
    assert worst < 5
    assert web.memory() - before < GROWTH


def test_more_posts_at_once_than_connections_are_all_stored(web: Web, call: Call) -> None:
    """Those who wait for a commit must leave a connection to who commits."""
    callers = [Caller(web, call) for _ in range(16)]

    def post(number: int) -> list[int]:
        acked = []
        for seq in range(1, 6):
            status, said = callers[number].items([{"client_seq": seq, **fix()}])
            assert status == 200
            acked += said["acked"]
        return acked

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(post, range(16))) == [[1, 2, 3, 4, 5]] * 16
