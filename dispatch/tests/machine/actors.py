"""Who acts: desks of centres with their consoles, callers' browsers with their tabs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.test import Client
from django.test.client import ClientHandler

from dispatch.centres.models import Centre, User
from dispatch.tests import factories
from dispatch.tests.caller import Phone
from dispatch.tests.machine.clocks import Loop
from dispatch.tests.machine.lines import Line
from dispatch.tests.machine.model import Model
from dispatch.tests.sockets import client_of

_numbers = itertools.count(1)
#: Of all clients: making one reads every static file anew (WhiteNoise).
_HANDLER = ClientHandler(enforce_csrf_checks=False)


def lean(client: Client) -> Client:
    """The same client, with the middleware that all of them share."""
    client.handler = _HANDLER
    return client


class Desk:
    """A centre with two dispatchers."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.centre: Centre = factories.centre()
        # Names that stand nowhere else, so that a leak can be told from a coincidence.
        self.users: list[User] = [
            factories.user(centre=self.centre, name=f"Quill Marrow {next(_numbers)}")
            for _ in range(2)
        ]
        self._clients: dict[int, Client] = {}
        self.base = f"/api/v1/centres/{self.centre.slug}/"

    def post(self, who: int, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the staff API as one of the two."""
        return self.client(who).post(self.base + path, body or {}, content_type="application/json")

    def client(self, who: int) -> Client:
        """The browser of one of the two, signed in when first used."""
        who %= len(self.users)
        if who not in self._clients:
            self._clients[who] = lean(client_of(self.users[who]))
        return self._clients[who]


class Reader:
    """A page that reads a stream: its model, and the socket it has now or not."""

    def __init__(self, loop: Loop) -> None:
        self.loop, self.model = loop, Model()
        self.line: Line | None = None

    @property
    def live(self) -> bool:
        return self.line is not None and self.line.alive

    def door(self) -> tuple[str, str, dict[str, Any]]:
        """Path, cookie and hello of this page's socket."""
        raise NotImplementedError

    def prepare(self, line: Line) -> None:
        """Before the handshake."""

    def join(self) -> None:
        """A socket, again with what the model knows; it may be refused."""
        self.drop()
        path, cookie, hello = self.door()
        self.line = Line(loop=self.loop, path=path, cookie=cookie, model=self.model)
        self.prepare(self.line)
        self.line.open(hello)

    def drop(self) -> None:
        """The socket goes; the model stays."""
        line, self.line = self.line, None
        if line is not None:
            line.close()


class Console(Reader):
    """One console window of a dispatcher."""

    def __init__(self, desk: Desk, who: int, loop: Loop) -> None:
        super().__init__(loop)
        self.desk, self.who = desk, who

    def door(self) -> tuple[str, str, dict[str, Any]]:
        name = settings.SESSION_COOKIE_NAME
        cookie = f"{name}={self.desk.client(self.who).cookies[name].value}"
        hello = {"stream": "centre", "centre": self.desk.centre.slug, "boot": "consoleboot"}
        return "/ws/console/", cookie, hello


class Browser(Phone):
    """A caller's browser: one session on one link, shared by its tabs."""

    def __init__(self, secret: str, case: int, guard: Callable[[str], None]) -> None:
        super().__init__(secret)
        lean(self.http)
        self.case, self.guard = case, guard


class Page(Reader):
    """One tab of a caller's browser. Numbers its items, and may post any of them again."""

    def __init__(self, browser: Browser, loop: Loop) -> None:
        super().__init__(loop)
        self.browser = browser
        self.boot, self.seq = "", 0
        #: Everything this tab ever wrote, with the page load it wrote it in.
        self.written: list[tuple[str, dict[str, Any]]] = []
        self.load()

    @property
    def session(self) -> str:
        return self.browser.session

    def load(self) -> None:
        """A new page load in this tab: what was written stays on the phone."""
        self.boot, self.seq = f"boot-{next(_numbers):08}", 0
        self.model = Model()

    def prepare(self, line: Line) -> None:
        line.answers, line.guard = True, self.browser.guard

    def write(self, item: dict[str, Any]) -> None:
        """Put an item into the queue on the phone."""
        self.seq += 1
        self.written.append((self.boot, {"client_seq": self.seq, **item}))

    def ask(self, what: str, **body: Any) -> Any:
        """A post of this page."""
        return self.browser.say(what, **{"boot": self.boot, **body})

    def door(self) -> tuple[str, str, dict[str, Any]]:
        cookie = f"sl_session={self.browser.http.cookies['sl_session'].value}"
        return f"/s/{self.session}/ws", cookie, {"stream": "call", "boot": self.boot}
