"""One HTTP question, with a limit, and the answer's clock."""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from dispatch.upkeep.doctor import clocks

#: Of an answer's body no more is read.
MOST = 64 * 1024
#: Date has whole seconds, cut off, and some servers renew it each second only.
GRAIN_S = 2.0


@dataclass(frozen=True)
class Answer:
    """`clock_offset_s`: how far the other clock is ahead; None where it did not say."""

    status: int
    body: bytes
    clock_offset_s: float | None


def get(url: str, *, timeout_s: float = 3.0) -> Answer:
    """GET, no redirects, no proxy. Raises OSError or http.client.HTTPException.

    The certificate is not looked at: it is a part of its own, and must not make a web server
    that works look broken. Nothing secret is sent this way.
    """
    where = urlsplit(url)
    host, port = where.hostname or "", where.port
    connection: http.client.HTTPConnection
    if where.scheme in ("https", "wss"):
        connection = http.client.HTTPSConnection(
            host, port or 443, timeout=timeout_s, context=unverified()
        )
    else:
        connection = http.client.HTTPConnection(host, port or 80, timeout=timeout_s)
    try:
        asked = time.time()
        path = where.path + (f"?{where.query}" if where.query else "")
        connection.request("GET", path or "/", headers={"User-Agent": "sightline-doctor"})
        response = connection.getresponse()
        offset = _offset(response.getheader("Date"), asked=asked, answered=time.time())
        return Answer(response.status, response.read(MOST), offset)
    finally:
        connection.close()


def unverified() -> ssl.SSLContext:
    """TLS that trusts everybody; see `get`."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _offset(date: str | None, *, asked: float, answered: float) -> float | None:
    if not date:
        return None
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return None
    return clocks.offset(theirs, asked=asked, answered=answered, grain_s=GRAIN_S)
