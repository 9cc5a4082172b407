"""HTTP to a text provider: the request leaves in time or not at all, and what is unsure is told."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from callers.sms.gateway import NotAccepted, Uncertain
from dispatch.outbox.deadline import Deadline

#: For an answer, once the request has left. A provider that takes longer is not waited for.
ANSWER_WITHIN_S = 10.0
#: What the other side has not acknowledged by then is not sent any more. Together with
#: outbox.carry.LEAVES_WITHIN_S no more than a claim lasts without its worker.
UNHEARD_MS = 1500
#: Largest answer that is read, in bytes.
ANSWER_LIMIT = 64_000
NO_WAY = "The text provider cannot be reached. Send it again."
NO_ANSWER = "The text provider did not answer."


@dataclass(frozen=True)
class Answer:
    """What the provider said."""

    status: int
    body: bytes


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    deadline: Deadline,
    answer_within_s: float = ANSWER_WITHIN_S,
) -> Answer:
    """One POST on a connection of its own, never repeated.

    Looking up the name, connecting and TLS take as long as the deadline leaves, and it is asked
    once more right before the first byte of the request. Raises NotAccepted where nothing of it
    left, deadline.Passed where it was too late, Uncertain where no answer came.

    What this cannot exclude: a process that is stopped between that question and the system
    call behind it. Only the provider can, by refusing a reference that it has seen.
    """
    place = urlsplit(url)
    connection = _connection(place.scheme, place.netloc, max(deadline.left_s, 0.001))
    try:
        try:
            connection.connect()
        except OSError as problem:
            raise NotAccepted(NO_WAY) from problem
        _bound(connection.sock, answer_within_s)
        target = f"{place.path or '/'}{'?' + place.query if place.query else ''}"
        deadline.check()
        try:
            connection.request("POST", target, body, dict(headers))
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(ANSWER_LIMIT))
        except (OSError, HTTPException) as problem:
            raise Uncertain(NO_ANSWER) from problem
    finally:
        connection.close()


def _connection(scheme: str, place: str, timeout_s: float) -> HTTPConnection:
    if scheme == "https":
        return HTTPSConnection(place, timeout=timeout_s, context=ssl.create_default_context())
    return HTTPConnection(place, timeout=timeout_s)


def _bound(sock: socket.socket, answer_within_s: float) -> None:
    """Let nothing wait in the system's buffers and leave later, when the network is back."""
    sock.settimeout(answer_within_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)
