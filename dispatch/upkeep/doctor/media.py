"""Media nodes: does each answer us, can a browser reach it, does a picture come through."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.utils import ProgrammingError

from dispatch.calls import livekit, rooms
from dispatch.calls.models import MediaNode
from dispatch.calls.models.media import new_name
from dispatch.calls.seats import STAFF_PREFIX
from dispatch.upkeep.doctor import ask
from dispatch.upkeep.doctor.examine import Seen
from dispatch.upkeep.doctor.result import Result, State, failed, not_checked, ok, warning
from dispatch.upkeep.synthetic import caller

#: Synthetic callers at once: each costs about a third of a core.
AT_ONCE = 2
#: All nodes together, in seconds.
LIMIT_S = 16.0
#: The fact that a node is there, whatever it thinks of our key: browsers may reach it.
ANSWERED = "refused"
#: A picture that takes longer is worth a word.
SLOW_MS = 3000


def look(*, call: bool) -> Callable[[Seen], list[Result]]:
    """The check of all nodes; with `call`, a synthetic caller joins each over UDP and TCP."""

    def media(_: Seen) -> list[Result]:
        try:
            nodes = list(MediaNode.objects.exclude(state=MediaNode.State.OFF).order_by("name"))
        except ProgrammingError:
            return [not_checked("media", "The table of media nodes cannot be read.")]
        if not nodes:
            return [
                failed(
                    "media",
                    "There is no media node: no caller's video can be shown.",
                    "Add one in the admin, under media nodes, or switch one on.",
                )
            ]
        busy, until = threading.Semaphore(AT_ONCE), time.monotonic() + LIMIT_S
        with ThreadPoolExecutor(min(8, len(nodes))) as pool:
            each = pool.map(lambda node: _node(node, call=call, busy=busy, until=until), nodes)
            return [result for results in each for result in results]

    return media


def _node(node: MediaNode, *, call: bool, busy: threading.Semaphore, until: float) -> list[Result]:
    name = f"media.{node.name}"
    api = _timed(lambda: _api(node, f"{name}.api"))
    rest = ["signalling", *(("udp", "tcp") if call else ())]
    if not (api.works or ANSWERED in api.facts):
        why = f"It stands on {api.part}, which does not work."
        if api.state is State.NOT_CHECKED:
            why = api.what
        return [api, *(not_checked(f"{name}.{part}", why) for part in rest)]
    signalling = _timed(lambda: _signalling(node, f"{name}.signalling"))
    bad = next((result for result in (api, signalling) if not result.works), None)
    if not call:
        return [api, signalling]
    if bad is not None:
        why = f"It stands on {bad.part}, which does not work."
        pictures = [not_checked(f"{name}.{transport}", why) for transport in ("udp", "tcp")]
        return [api, signalling, *pictures]
    with ThreadPoolExecutor(2) as pool:
        both = pool.map(
            lambda transport: _picture(
                node, f"{name}.{transport}", transport=transport, busy=busy, until=until
            ),
            ("udp", "tcp"),
        )
        return [api, signalling, *both]


def _api(node: MediaNode, part: str) -> Result:
    if not settings.LIVEKIT_KEYS:
        return not_checked(part, "LIVEKIT_KEYS is empty; see settings.")
    try:
        listed = livekit.list_rooms(node=node)
    except livekit.Unreachable as problem:
        return _api_problem(node, part, problem.code)
    except livekit.Refused as problem:
        what = f"The node answers our question with “{problem.code}”."
        todo = "See its log; is it a LiveKit server of version 1.13 or newer?"
        return failed(part, what, todo, **{ANSWERED: problem.code})
    return ok(part, f"LiveKit answers at {node.api_url}.", rooms=len(listed))


def _api_problem(node: MediaNode, part: str, code: str) -> Result:
    if code == "no_secret_for_key":
        return failed(
            part,
            f"LIVEKIT_KEYS has no secret for the node's key “{node.api_key}”.",
            "Add key:secret to LIVEKIT_KEYS, or correct the key of the node in the admin.",
            **{ANSWERED: code},
        )
    if code in ("401", "403"):
        return failed(
            part,
            f"LiveKit answers at {node.api_url}, but refuses our key “{node.api_key}”.",
            "Make the secret in LIVEKIT_KEYS the one in the server's own keys; if it is, compare"
            " the two clocks.",
            **{ANSWERED: code},
        )
    return failed(
        part,
        f"LiveKit does not answer at {node.api_url}.",
        "Start it, or correct the node's API address in the admin.",
    )


def _signalling(node: MediaNode, part: str) -> Result:
    if settings.PUBLIC_ORIGIN.startswith("https:") and not node.url.startswith("wss:"):
        return failed(
            part,
            f"Browsers on an https page do not connect to {node.url}.",
            "Put TLS before the node and give it a wss:// address in the admin.",
        )
    url = f"{node.url.rstrip('/')}/rtc/validate"
    try:
        answer = ask.get(url)
    except (OSError, http.client.HTTPException, ValueError):
        return failed(
            part,
            f"Nothing answers at {node.url}, where browsers connect.",
            "Correct the node's signalling address, or let the proxy and the firewall pass it.",
        )
    facts = {} if answer.clock_offset_s is None else {"clock_offset_s": answer.clock_offset_s}
    # Without a token LiveKit says 401; whatever else answers is not it.
    if answer.status != 401:
        return failed(
            part,
            f"{node.url} answers {answer.status}, but not as LiveKit.",
            "Let the proxy pass /rtc and what is below it to the media node, sockets included.",
            **facts,
        )
    return ok(part, f"LiveKit answers at {node.url}.", **facts)


def _picture(
    node: MediaNode, part: str, *, transport: str, busy: threading.Semaphore, until: float
) -> Result:
    """A synthetic caller in a room of its own; no call, no row, no figure knows of it."""
    with busy:
        if until - time.monotonic() < caller.LIMIT_S:
            return not_checked(part, "There was no time left for this node.")
        return _timed(lambda: _call(node, part, transport=transport))


def _call(node: MediaNode, part: str, *, transport: str) -> Result:
    room = f"doctor-{new_name()}"
    try:
        # Marked as ours: should we die now, the reconciler deletes it half a minute later.
        livekit.ensure_room(node=node, name=room, metadata=rooms.mark())
        try:
            outcome = caller.call(
                url=node.url,
                transport=transport,
                camera_token=livekit.caller_token(
                    node=node, room=room, identity="caller-doctor", subscribe=False
                ),
                viewer_token=livekit.staff_token(
                    node=node, room=room, identity=f"{STAFF_PREFIX}doctor"
                ),
            )
        finally:
            livekit.delete_room(node=node, name=room)
    except livekit.Problem as problem:
        what = f"No room could be made for a test call ({problem.code})."
        return failed(part, what, "See the log of the node.")
    return judge(part, transport, outcome)


def judge(part: str, transport: str, outcome: caller.Outcome) -> Result:
    """What the synthetic caller lived through, in words."""
    how, where = transport.upper(), _places(outcome.offered)
    facts: dict[str, Any] = {
        "transport": transport,
        "stage": outcome.stage,
        "offered": outcome.offered,
        "pairs": outcome.pairs,
        "connected_ms": outcome.connected_ms,
        "first_frame_ms": outcome.first_frame_ms,
    }
    if outcome.stage == caller.DONE and outcome.first_frame_ms is not None:
        took = outcome.first_frame_ms
        what = f"A picture came over {how}, {took} ms after connecting."
        if took > SLOW_MS:
            todo = "See the load of the node and of this machine, and the network between them."
            return warning(part, what, todo, **facts)
        return ok(part, what, **facts)
    said: dict[str, tuple[str, str]] = {
        caller.BROKEN: (
            "The synthetic caller itself did not run: this says nothing of the node.",
            "Install requirements.txt anew (package livekit), and try again.",
        ),
        caller.SIGNAL: (
            f"No signalling connection ({outcome.refused or 'no answer'}).",
            "Let the proxy pass WebSockets under /rtc to the media node.",
        ),
        caller.OFFER: (
            f"The node offers no {how} address to browsers.",
            f"Set rtc.{transport}_port in the LiveKit server's file"
            + (", and rtc.force_tcp to false." if transport == "udp" else "."),
        ),
        caller.MEDIA: (
            f"{how} does not get through to {where}.",
            f"Let the firewall pass {how} to {where}; if this is not an address that phones can"
            " reach, set rtc.node_ip (or use_external_ip) in the LiveKit server's file.",
        ),
        caller.PAIR: (
            f"The picture took another way than {how}: {', '.join(outcome.pairs) or 'unknown'}.",
            "See whether something between here and the node changes addresses.",
        ),
        caller.FRAME: (
            f"Connected over {how}, but no picture came within {caller.WITHIN_S:.0f} s.",
            f"See the load of the node; packets that are too large may be lost on {how}.",
        ),
    }
    what, todo = said[outcome.stage]
    if outcome.stage == caller.BROKEN:
        return replace(not_checked(part, what), todo=todo, facts=facts)
    return failed(part, what, todo, **facts)


def _places(offered: Iterable[str]) -> str:
    return " or ".join(offered) or "the node"


def _timed(work: Callable[[], Result]) -> Result:
    began = time.monotonic()
    result = work()
    return replace(result, ms=max(1, round((time.monotonic() - began) * 1000)))
