"""A caller's page: it opens the link, and sends fixes and words until they are acknowledged.

The queue is static/src/caller/queue.ts, the line static/src/caller/line.ts, in Python.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bench.chaos import people
from bench.chaos.feed import Feed, Wire
from bench.chaos.ledger import Item, Ledger
from bench.chaos.people import Refused, ask

#: Seconds until an unacknowledged item is sent again, and items in one sending (queue.ts).
PATIENCE, AT_ONCE = 5.0, 50
#: Seconds without a socket after which the page asks, and from an answer to the next (poll.ts).
WITHOUT, EVERY = 4.0, 3.0


@dataclass
class _Waiting:
    boot: str
    body: dict[str, Any]
    item: Item
    sent: float = float("-inf")


class Caller:
    """One browser with one page. `origin` may be a relay's, so that its network can fail."""

    def __init__(
        self, http: aiohttp.ClientSession, origin: str, *, name: str, call: str, ledger: Ledger
    ) -> None:
        self.http = http
        self.origin = origin
        self.name = name
        self.call = call
        self.ledger = ledger
        self.session = self._cookie = self._secret = ""
        self.boot = secrets.token_hex(8)
        self.feed: Feed | None = None
        self._next = self._count = 0
        self._waiting: list[_Waiting] = []
        self._kick = asyncio.Event()
        self._posting = False
        self._failures = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, link: str) -> None:
        """From the link to a line that is up. Raises Refused."""
        self._secret = urlsplit(link).fragment
        await self._trade()
        await self._post("seen", {})
        self._connect()
        self._spawn(self._pump())
        self._spawn(self._poll())

    async def tap(self) -> None:
        """The person taps: this page publishes. Raises Refused."""
        await self._post("tap", {"boot": self.boot, "resume": False})

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.feed is not None:
            await self.feed.stop()

    async def reload(self) -> None:
        """A new page load: the same session, another boot, what waits still waits."""
        if self.feed is not None:
            await self.feed.stop()
        self.boot, self._next = secrets.token_hex(8), 0
        for one in self._waiting:
            one.sent = float("-inf")
        await people.persist(self._trade)
        self._connect()

    def network_is_back(self) -> None:
        """As the browser tells its pages."""
        if self.feed is not None:
            self.feed.wake()
        self._kick.set()

    # What it says.

    def write(self) -> Item:
        self._count += 1
        text = f"{self.name} {self._count}"
        item = self.ledger.make("chat", mark=text, call=self.call, by=self.name)
        self._add(item, {"kind": "chat", "text": text})
        return item

    def move(self) -> Item:
        """A fix, known by its accuracy, which no other fix of this call has."""
        self._count += 1
        mark = f"{self.call} {self._count}"
        item = self.ledger.make("fix", mark=mark, call=self.call, by=self.name)
        now = time.time() * 1000
        place = {"lat": 41.3 + self._count * 1e-5, "lon": -72.9, "accuracy": float(self._count)}
        self._add(item, {"kind": "fix", **place, "at": now})
        return item

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def asked(self) -> dict[str, Any]:
        """The whole state of the caller's stream, by asking. Raises Refused."""
        found: dict[str, Any] = await self._post("poll", {"boot": self.boot})
        return found

    # How.

    def _add(self, item: Item, body: dict[str, Any]) -> None:
        self._next += 1
        self._waiting.append(_Waiting(self.boot, {**body, "client_seq": self._next}, item))
        self._kick.set()

    async def _trade(self) -> None:
        body = {"secret": self._secret, "boot": self.boot}
        body |= {"session": self.session} if self.session else {}
        answer, cookies = await ask(self.http, f"{self.origin}/s/", body, headers=self.headers())
        self.session = str(answer["session"])
        self._cookie = people.cookie(cookies, "sl_session")

    async def _post(self, what: str, body: dict[str, Any]) -> Any:
        url = f"{self.origin}/s/{self.session}/{what}"
        answer, _ = await ask(self.http, url, body, headers=self.headers())
        return answer

    def headers(self) -> dict[str, str]:
        return {"Origin": self.origin, "Cookie": f"sl_session={self._cookie}"}

    def _connect(self) -> None:
        async def before(attempt: int) -> None:
            if attempt >= 2:  # refused twice: perhaps the cookie is gone
                with contextlib.suppress(Refused):
                    await self._trade()

        url = f"{self.origin.replace('http', 'ws', 1)}/s/{self.session}/ws"
        self.feed = Feed(
            Wire(
                url,
                self.origin,
                {"stream": "call", "boot": self.boot},
                cookie=lambda: f"sl_session={self._cookie}",
                before=before,
                answers=True,
                on_ack=lambda message: self._take(message["boot"], message),
                on_status=lambda status: self._again() if status == "live" else None,
            )
        )
        self.feed.start()

    def _again(self) -> None:
        """What was sent on a socket now dead counts as unsent."""
        for one in self._waiting:
            one.sent = float("-inf")
        self._kick.set()

    async def _pump(self) -> None:
        while True:
            more = await self._flush()
            wait = min(PATIENCE, 0.5 * 1.7**self._failures)
            wait *= 0.7 + 0.6 * random.random()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._kick.wait(), 0.05 if more else wait)
            self._kick.clear()

    async def _flush(self) -> bool:
        """Send what is not under way; whether there is more than goes out at once."""
        now = time.monotonic()
        due = [one for one in self._waiting if now - one.sent >= PATIENCE]
        for boot in dict.fromkeys(one.boot for one in due):
            batch = [one for one in due if one.boot == boot][:AT_ONCE]
            stamp = time.time() * 1000
            items = [
                {**one.body, "sent_at": stamp} if one.body["kind"] == "fix" else one.body
                for one in batch
            ]
            for one in batch:
                one.sent = now
            feed = self.feed
            if feed is not None and await feed.send({"t": "items", "boot": boot, "items": items}):
                continue
            if self._posting:
                for one in batch:
                    one.sent = float("-inf")
                continue
            self._posting = True
            self._spawn(self._send(boot, items, batch))
        return len(due) > AT_ONCE

    async def _send(self, boot: str, items: list[Any], batch: list[_Waiting]) -> None:
        try:
            receipt = await self._post("items", {"boot": boot, "items": items})
        except Refused as why:
            self._failures += 1
            for one in batch:
                one.sent = float("-inf")
            if not why.passing:
                refused = [
                    {"client_seq": one.body["client_seq"], "code": why.code} for one in batch
                ]
                self._take(boot, {"acked": [], "refused": refused})
        else:
            self._take(boot, receipt)
        finally:
            self._posting = False

    def _take(self, boot: str, receipt: dict[str, Any]) -> None:
        self._failures = 0
        acked = set(receipt["acked"])
        refused = {why["client_seq"]: why["code"] for why in receipt["refused"]}
        kept = []
        for one in self._waiting:
            seq = one.body["client_seq"]
            code = refused.get(seq, "")
            if one.boot != boot or not (seq in acked or code):
                kept.append(one)
            elif code == "throttled" and one.body["kind"] != "fix":
                one.item.throttled += 1
                kept.append(one)  # goes out again later
            elif code:
                one.item.refused = code
            elif one.item.acked is None:
                one.item.acked = time.monotonic()
        self._waiting = kept

    async def _poll(self) -> None:
        """The call's state by asking, while there is no socket."""
        while True:
            await asyncio.sleep(WITHOUT)
            while self.feed is not None and not self.feed.live:
                model = self.feed.model
                known = {"epoch": model.epoch, "last_seq": model.seq} if model.epoch else {}
                with contextlib.suppress(Refused):
                    answer = await self._post("poll", {"boot": self.boot, **known})
                    if not self.feed.live:
                        self.feed.model.apply(answer)
                await asyncio.sleep(EVERY)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
