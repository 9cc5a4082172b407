"""HTTP as browsers speak it: a signed-in dispatcher, and what a refusal means."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp

T = TypeVar("T")

#: Seconds an answer may take, as in static/src/caller/server.ts.
PATIENCE = 10.0
#: Numbers kept for fiction; the town's own tests begin lower.
_numbers = itertools.count(2000)


class Refused(Exception):
    """The server's no; status 0 where none was heard."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code

    @property
    def passing(self) -> bool:
        """Trying again can help."""
        return self.status == 0 or self.status >= 500 or self.status == 429


async def ask(
    http: aiohttp.ClientSession,
    url: str,
    body: dict[str, Any] | None = None,
    *,
    headers: dict[str, str],
    patience: float = PATIENCE,
) -> tuple[Any, list[str]]:
    """A post (a get without a body): its JSON and its Set-Cookie headers. Raises Refused."""
    try:
        async with http.request(
            "GET" if body is None else "POST",
            url,
            json=body,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=patience),
            allow_redirects=False,
        ) as answer:
            raw = await answer.read()
            cookies = answer.headers.getall("Set-Cookie", [])
            kind = answer.content_type
            found = await answer.json() if raw and kind == "application/json" else None
            if answer.status >= 400:
                code = found.get("code", "server") if isinstance(found, dict) else "server"
                raise Refused(answer.status, str(code))
            return found, cookies
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
        raise Refused(0, type(problem).__name__) from problem


def cookie(headers: list[str], name: str) -> str:
    """The value of one cookie among Set-Cookie headers; empty where it is not set."""
    found = (re.match(rf"{name}=([^;]*)", header) for header in headers)
    return next((one[1] for one in found if one), "")


async def persist(attempt: Callable[[], Awaitable[T]], *, within: float = 60.0) -> T:
    """Until it works, as pages do where only the network can be at fault. Raises Refused."""
    until = time.monotonic() + within
    while True:
        try:
            return await attempt()
        except Refused as why:
            if not why.passing or time.monotonic() > until:
                raise
        await asyncio.sleep(0.5)


class Staff:
    """One signed-in dispatcher of one centre."""

    def __init__(
        self, http: aiohttp.ClientSession, origin: str, *, email: str, password: str, centre: str
    ) -> None:
        self.http = http
        self.origin = origin
        self.centre = centre
        self._email, self._password = email, password
        self.session = self._csrf = ""

    async def sign_in(self) -> None:
        """By the form. Raises Refused, or AssertionError for a wrong password."""
        url = f"{self.origin}/account/login/"
        _, cookies = await ask(self.http, url, headers={})
        token = cookie(cookies, "csrftoken")
        fields = {"login": self._email, "password": self._password, "csrfmiddlewaretoken": token}
        headers = {"Cookie": f"csrftoken={token}", "Origin": self.origin}
        try:
            async with self.http.post(
                url,
                data=fields,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=PATIENCE),
            ) as answer:
                set_cookies = answer.headers.getall("Set-Cookie", [])
                if answer.status >= 500:
                    raise Refused(answer.status, "server")
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise Refused(0, type(problem).__name__) from problem
        self.session = cookie(set_cookies, "sessionid")
        self._csrf = cookie(set_cookies, "csrftoken") or token
        assert self.session, "the demo account could not sign in"

    @property
    def cookies(self) -> str:
        return f"sessionid={self.session}; csrftoken={self._csrf}"

    async def api(
        self, path: str, body: dict[str, Any] | None = None, *, patience: float = PATIENCE
    ) -> Any:
        """The staff API of this centre. Raises Refused."""
        headers = {"Cookie": self.cookies, "Origin": self.origin, "X-CSRFToken": self._csrf}
        url = f"{self.origin}/api/v1/centres/{self.centre}/{path}"
        found, _ = await ask(self.http, url, body, headers=headers, patience=patience)
        return found

    async def open_call(self) -> str:
        """Send a link to a number of its own; the call's id."""
        number = f"+1203555{next(_numbers):04d}"
        answer = await self.api("calls/", {"number": number, "language": "en"})
        return str(answer["call"]["id"])

    async def link(self, call: str) -> str:
        """The call's link, as shown for a phone near the screen."""
        return str((await self.api(f"calls/{call}/show-link/", {}))["link"])

    async def write(self, call: str, text: str, command: uuid.UUID) -> None:
        """One message to the caller; the same command again is the same message."""
        await self.api(f"calls/{call}/chat/", {"text": text, "command": str(command)})

    async def snapshot(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.api("snapshot/")
        return found
