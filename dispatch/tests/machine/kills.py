"""Real processes killed while real sockets are open: python -m dispatch.tests.machine.kills.

Each run kills one of web, worker, Redis and PostgreSQL by its PID at a random moment while a
dispatcher and callers write, starts it again, and then asks what the state machine asks: every
console holds what a fresh snapshot says, and what was acknowledged is there once.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from dispatch.tests.machine.model import Model
from dispatch.tests.machine.people import Caller, Dispatcher
from scripts.sightline.stack import Stack

PARTS = ("web", "worker", "redis", "postgres")
CALLERS = 3
CONSOLES = 2
#: Longest until everything is as it should be, from when the part is back, in seconds.
HEALED_WITHIN_S = 30.0


class Scene:
    """A dispatcher's consoles and callers at one running system, busy until told to stop."""

    def __init__(self, stack: Stack, run: int) -> None:
        self.stack, self.run = stack, run
        self.consoles: list[Dispatcher] = []
        self.callers: list[tuple[str, Caller]] = []
        self.staff_texts: dict[str, set[str]] = {}
        self.busy = True
        self.began = asyncio.Event()
        self.killed = asyncio.Event()

    async def set_up(self) -> None:
        account = self.stack.passwords["dispatcher"]
        for _ in range(CONSOLES):
            console = Dispatcher(self.stack.web_url)
            self.consoles.append(console)
            await console.sign_in(str(account["email"]), str(account["password"]))
        for index in range(CALLERS):
            body = {"number": f"+1203555{self.run:02}{index:02}", "new": True}
            status, said = await self._desk("POST", "calls/", body)
            assert status == 201, said
            call = said["call"]["id"]
            _, shown = await self._desk("POST", f"calls/{call}/show-link/")
            caller = Caller(self.stack.web_url, shown["link"].partition("#")[2])
            self.callers.append((call, caller))
            self.staff_texts[call] = set()
            await caller.open()

    def _desk(self, method: str, path: str, body: Any = None) -> Any:
        return self.consoles[0].ask(method, Dispatcher.base + path, body)

    async def act(self) -> None:
        """Everyone does something until told to stop; then all of it has to be found."""
        listening = [asyncio.create_task(one.listen()) for one in self._everyone()]
        try:
            await self._until(lambda: all(one.model.epoch for one in self._everyone()))
            self.began.set()
            work = [self._caller(call, caller) for call, caller in self.callers]
            await asyncio.gather(self._dispatcher(), *work)
            await self._until_whole()
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
            for one in self._everyone():
                await one.http.close()

    def _everyone(self) -> list[Dispatcher | Caller]:
        return [*self.consoles, *(caller for _, caller in self.callers)]

    async def _dispatcher(self) -> None:
        number = 0
        while self.busy:
            for call in self.staff_texts:
                number += 1
                text = f"staff {self.run}/{number}"
                await self.consoles[0].write(call, text)
                self.staff_texts[call].add(text)
            await asyncio.sleep(0.05)

    async def _caller(self, call: str, caller: Caller) -> None:
        number = 0
        while self.busy:
            number += 1
            await caller.move(number)
            if number % 20 == 1:  # well below what one page may write in a minute
                await caller.write(f"caller {call[:4]} {self.run}/{number}")
            await asyncio.sleep(0.05)

    async def _until(self, met: Any) -> None:
        async with asyncio.timeout(HEALED_WITHIN_S):
            while not met():  # noqa: ASYNC110 (what is met, many things bring about)
                await asyncio.sleep(0.05)

    async def _until_whole(self) -> None:
        wrong = "nothing was compared"
        deadline = time.monotonic() + HEALED_WITHIN_S
        while wrong and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            wrong = await self._compare()
        assert not wrong, wrong

    async def _compare(self) -> str:
        """What is not as it must be, or nothing."""
        _, said = await self._desk("GET", "snapshot/")
        fresh = Model()
        fresh.apply(said)
        for console in self.consoles:
            if console.model.seq != fresh.seq:
                return f"a console is at {console.model.seq}, the head is {fresh.seq}"
            if console.model.items != fresh.items or console.model.latest != fresh.latest:
                return "a console's model is not a fresh snapshot"
        for call, caller in self.callers:
            _, detail = await self._desk("GET", f"calls/{call}/")
            found = Counter(one["text"] for one in detail["chat"])
            wanted = caller.texts | self.staff_texts[call]
            if found != Counter(wanted):
                return (
                    f"messages lost or doubled: {Counter(wanted) - found} {found - Counter(wanted)}"
                )
            _, track = await self._desk("GET", f"calls/{call}/track/")
            where = Counter(fix["lat"] for fix in track["fixes"])
            if len(where) != caller.fixes or max(where.values()) > 1:
                return f"{caller.fixes} fixes acknowledged, {sum(where.values())} stored"
            own = caller.model.items.get("chat", {})
            if {one["text"] for one in own.values()} != wanted:
                return "a caller's page does not show the messages of its call"
        return ""


def one_run(stack: Stack, run: int, chance: random.Random) -> str:
    """Kill one part once. What happened, in a line; raises AssertionError."""
    victim = PARTS[run % len(PARTS)]
    scene = Scene(stack, run)
    problem: list[BaseException] = []

    async def people() -> None:
        await scene.set_up()
        await scene.act()

    def in_thread() -> None:
        try:
            asyncio.run(people())
        except BaseException as error:  # noqa: BLE001 (raised again by the main thread)
            problem.append(error)

    # People live in a thread of their own: a part is the child of the thread that starts it.
    crowd = Thread(target=in_thread, daemon=True)
    crowd.start()
    while not scene.began.is_set() and crowd.is_alive():
        time.sleep(0.05)
    time.sleep(chance.uniform(0.2, 1.5))
    part = stack.parts[victim]
    pid = part.pid
    part.kill()
    time.sleep(chance.choice([0.0, 0.3, 2.0]))
    part.start()
    part.wait_ready()
    back = time.monotonic()
    time.sleep(1.0)
    scene.busy = False
    crowd.join(HEALED_WITHIN_S * 2)
    if problem:
        raise problem[0]
    assert not crowd.is_alive(), "it did not heal in time"
    fixes = sum(caller.fixes for _, caller in scene.callers)
    texts = sum(len(caller.texts) for _, caller in scene.callers)
    texts += sum(map(len, scene.staff_texts.values()))
    joins = sum(one.joins for one in scene.consoles) - CONSOLES
    return (
        f"run {run}: {victim} ({pid}) killed, {fixes} fixes and {texts} messages acknowledged,"
        f" 0 lost, 0 doubled, consoles joined again {joins} times,"
        f" whole {time.monotonic() - back - 1.0:.1f} s after it was back"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    asked = parser.parse_args()
    say(f"kills: seed {asked.seed}")
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="sightline-kills-") as directory:
        # Not a temporary stack: that one's PostgreSQL is told to forget when it is killed.
        stack = Stack(Path(directory), parts=PARTS, temporary=False)
        try:
            with stack:
                for run in range(asked.runs):
                    say(one_run(stack, run, chance))
        finally:
            with suppress(KeyError):
                stack.postgres.remove()
    say(f"kills: {asked.runs} runs, nothing lost, nothing doubled")
    return 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
