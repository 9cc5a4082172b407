"""A dispatcher's browser as far as it matters here: one request at a time, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from typing import Any


class Unanswered(Exception):
    """No answer came: whether it was done is not known."""


class Client:
    """`ports` are tried in turn; a request that may have been received is not repeated."""

    def __init__(self, ports: Sequence[int], *, slug: str, session: str) -> None:
        self._ports = list(ports)
        self._slug = slug
        token = "c" * 32  # the same in cookie and header, as Django's CSRF check wants it
        self._headers = {
            "Cookie": f"sessionid={session}; csrftoken={token}",
            "X-CSRFToken": token,
            "Content-Type": "application/json",
        }

    def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Status and body. Raises Unanswered."""
        for port in list(self._ports):
            connection = HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                try:
                    connection.connect()
                except OSError:
                    # Nobody is there; the next time begin with the other one.
                    self._ports = [*self._ports[1:], self._ports[0]]
                    continue
                origin = f"http://localhost:{port}"
                connection.request(
                    "POST",
                    f"/api/v1/centres/{self._slug}/{path}",
                    json.dumps(body or {}),
                    self._headers | {"Host": f"localhost:{port}", "Origin": origin},
                )
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read() or b"{}")
            except (OSError, HTTPException, ValueError) as problem:
                raise Unanswered from problem
            finally:
                connection.close()
        raise Unanswered("nobody listens")
