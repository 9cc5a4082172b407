"""A caller's browser for tests, spoken to over HTTP as the page speaks."""

from __future__ import annotations

import secrets
from typing import Any

from django.test import Client

from callers import links
from callers.models import Link
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.tests.sockets import Socket

ORIGIN = "http://localhost"
AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)


def secret_of(call: Call) -> str:
    """The secret of the call's newest link, as the text carries it."""
    with scope(call.centre):
        link = Link.objects.filter(call=call).order_by("-created_at").first()
        if link is None:
            link = links.make(call)
    return links.derive(link.pk, link.version)


class Phone:
    """One browser. `open` trades the secret for a session; `load` is a new page load."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.http = Client(HTTP_HOST="localhost", HTTP_ORIGIN=ORIGIN, HTTP_USER_AGENT=AGENT)
        self.session = ""
        self.boot = ""
        self.seq = 0
        self.load()

    def load(self) -> None:
        self.boot, self.seq = secrets.token_hex(8), 0

    def post(self, path: str, body: Any, **headers: Any) -> Any:
        return self.http.post(path, body, content_type="application/json", **headers)

    def open(self, **more: Any) -> Any:
        body = {"secret": self.secret, "boot": self.boot, **more}
        answer = self.post("/s/", {**body, **({"session": self.session} if self.session else {})})
        if answer.status_code == 200:
            self.session = answer.json()["session"]
        return answer

    def say(self, what: str, **body: Any) -> Any:
        return self.post(f"/s/{self.session}/{what}", {"boot": self.boot, **body})

    def items(self, *items: dict[str, Any]) -> dict[str, Any]:
        """Post items, numbered on, and return the outcome."""
        numbered = []
        for item in items:
            self.seq += 1
            numbered.append({"client_seq": self.seq, **item})
        answer = self.say("items", items=numbered)
        assert answer.status_code == 200, answer.content
        outcome: dict[str, Any] = answer.json()
        return outcome

    def socket(self, **hello: Any) -> Socket:
        cookie = self.http.cookies["sl_session"].value
        return Socket(
            f"/s/{self.session}/ws",
            f"sl_session={cookie}",
            {"stream": "call", "boot": self.boot, **hello},
            ORIGIN,
        )


def fix(lat: Any = 41.3083, lon: Any = -72.9279, **fields: Any) -> dict[str, Any]:
    """A position item; times are milliseconds of a right clock unless given."""
    import time

    now = time.time() * 1000
    return {
        "kind": "fix",
        "lat": lat,
        "lon": lon,
        "accuracy": 12.0,
        "at": now,
        "sent_at": now,
        **fields,
    }
