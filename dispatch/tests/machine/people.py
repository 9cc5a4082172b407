"""People at a running system: a dispatcher and callers who do not give up until they are heard."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import uuid
from contextlib import suppress
from typing import Any

import aiohttp

from dispatch.tests.machine.model import Model

#: Seconds between tries, as of a page whose network comes and goes.
AGAIN_S = 0.3
#: A socket that says nothing for so long is given up (static/src/shared/feed.ts, SILENCE).
SILENCE_S = 5.0

_AWAY = (aiohttp.ClientError, TimeoutError, OSError)


class Person:
    """Somebody with a browser: cookies, and questions that are asked until they are answered."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            headers={"Origin": origin, "Referer": origin},
            timeout=aiohttp.ClientTimeout(total=5),
        )
        self.model = Model()
        self.joins = 0

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Ask until the system answers for itself: what is away or broken is asked again."""
        while True:
            with suppress(*_AWAY):
                async with self.http.request(
                    method, self.origin + path, json=body, headers=self.headers(), **more
                ) as answer:
                    if answer.status < 500:
                        found = await answer.json(content_type=None)
                        return answer.status, found
            await asyncio.sleep(AGAIN_S)

    def headers(self) -> dict[str, str]:
        return {}

    def door(self) -> tuple[str, dict[str, Any]]:
        """Path and hello of this person's socket."""
        raise NotImplementedError

    async def answer(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """What this page answers to a heartbeat: a console nothing."""

    async def listen(self) -> None:
        """Keep the model up to date for ever, joining again as a page does."""
        while True:
            with suppress(*_AWAY):
                await self._once()
            await asyncio.sleep(random.uniform(0.1, 0.5))

    async def _once(self) -> None:
        path, hello = self.door()
        async with self.http.ws_connect(self.origin + path) as socket:
            if self.model.epoch is not None:
                hello |= {"epoch": self.model.epoch, "last_seq": self.model.seq}
            await socket.send_json({"t": "hello", **hello})
            self.joins += 1
            while True:
                received = await socket.receive(timeout=SILENCE_S)
                if received.type is not aiohttp.WSMsgType.TEXT:
                    return  # closed, by either side or by nobody
                message = json.loads(received.data)
                if message["t"] == "bye":
                    return
                self.model.apply(message)
                if message["t"] == "beat":
                    await self.answer(socket)
                if self.model.gap:
                    return


class Dispatcher(Person):
    """A console, and what a dispatcher does at it."""

    base = "/api/v1/centres/demo/"

    async def sign_in(self, email: str, password: str) -> None:
        page = self.origin + "/account/login/"
        async with self.http.get(page):
            pass
        form = {"login": email, "password": password, "csrfmiddlewaretoken": self._token()}
        async with self.http.post(page, data=form) as answer:
            assert answer.url.path != "/account/login/", "the dispatcher could not sign in"

    def _token(self) -> str:
        found = [one.value for one in self.http.cookie_jar if one.key == "csrftoken"]
        return found[0] if found else ""

    def headers(self) -> dict[str, str]:
        return {"X-CSRFToken": self._token()}

    def door(self) -> tuple[str, dict[str, Any]]:
        return "/ws/console/", {"stream": "centre", "centre": "demo", "boot": "consoleboot"}

    async def write(self, call: str, text: str) -> None:
        """A message, under one id however often it is sent."""
        body = {"text": text, "command": str(uuid.uuid4())}
        status, said = await self.ask("POST", f"{self.base}calls/{call}/chat/", body)
        assert status == 201, said


class Caller(Person):
    """A caller's page: writes and moves, each item posted until it is acknowledged."""

    def __init__(self, origin: str, secret: str) -> None:
        super().__init__(origin)
        self.secret = secret
        self.boot, self.session = f"boot-{uuid.uuid4().hex[:12]}", ""
        self._seq = itertools.count(1)
        self.texts: set[str] = set()
        self.fixes = 0

    async def open(self) -> None:
        status, said = await self.ask("POST", "/s/", {"secret": self.secret, "boot": self.boot})
        assert status == 200, said
        self.session = said["session"]

    def door(self) -> tuple[str, dict[str, Any]]:
        return f"/s/{self.session}/ws", {"stream": "call", "boot": self.boot}

    async def answer(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_json({"t": "beat"})

    async def post(self, item: dict[str, Any]) -> None:
        """One item, again and again until it is acknowledged."""
        whole = {"client_seq": next(self._seq), **item}
        while True:
            body = {"boot": self.boot, "items": [whole]}
            status, said = await self.ask("POST", f"/s/{self.session}/items", body)
            assert status == 200, said
            if said["acked"] == [whole["client_seq"]]:
                return
            codes = {one["code"] for one in said["refused"]}
            assert codes == {"throttled"}, said
            await asyncio.sleep(AGAIN_S)

    async def write(self, text: str) -> None:
        await self.post({"kind": "chat", "text": text})
        self.texts.add(text)

    async def move(self, step: int) -> None:
        where = {
            "lat": 41 + step / 10_000,
            "lon": -72.5,
            "accuracy": 9,
            "at": 1e12,
            "sent_at": 1e12,
        }
        await self.post({"kind": "fix", **where})
        self.fixes += 1
