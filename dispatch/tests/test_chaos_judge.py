"""The judgement of `make chaos` finds what is lost, doubled, different or stuck, and nothing else.

The server is a few answers here; in dispatch/tests/e2e/test_chaos.py it is the real one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any, cast

import pytest

from bench.chaos import judge
from bench.chaos.__main__ import ROWS
from bench.chaos.console import Console
from bench.chaos.ground import Ground
from bench.chaos.ledger import Ledger
from bench.chaos.load import Load
from bench.chaos.row import Outcome, Stage

CALL = "call-1"


class Server:
    """What the staff API says: one call with two messages and two fixes."""

    origin, centre, cookies = "http://test", "demo", ""

    def __init__(self) -> None:
        self.chat = [{"text": "c1 1"}, {"text": "staff 1"}]
        self.fixes = [{"accuracy": 2.0}, {"accuracy": 3.0}]
        bodies = [{"call": CALL, "text": one["text"]} for one in self.chat]
        self.state: dict[str, Any] = {
            "t": "snapshot",
            "epoch": "one",
            "seq": 2,
            "items": [{"kind": "chat", "id": f"m{n}", "body": b} for n, b in enumerate(bodies)],
            "latest": [{"key": "p", "version": 1, "body": {"call": CALL, "lat": 41.3}}],
        }

    async def snapshot(self) -> Any:
        return self.state

    async def api(self, path: str, body: Any = None) -> Any:
        return {"fixes": self.fixes} if path.endswith("track/") else {"chat": self.chat}


class Page:
    """A caller's page that has what its stream says."""

    name, call = "c1", CALL

    def __init__(self, server: Server) -> None:
        self.asked = server.snapshot
        self.feed = Console(cast(Any, server), name="page", ledger=Ledger()).feed
        self.feed.model.apply(deepcopy(server.state))


class Scene(Load):
    """Everything was said, acknowledged and seen."""

    def __init__(self) -> None:
        self.server = Server()
        self.staff = cast(Any, self.server)
        self.ledger = Ledger()
        self.callers = [cast(Any, Page(self.server))]
        self.console = Console(self.staff, name="k1", ledger=self.ledger)
        self.console.feed.model.apply(deepcopy(self.server.state))
        self.consoles = [self.console]
        for kind, mark in (("chat", "c1 1"), ("chat", "staff 1"), ("fix", "2"), ("fix", "3")):
            mark = f"{CALL} {mark}" if kind == "fix" else mark
            self.ledger.make(kind, mark=mark, call=CALL, by="c1").acked = 1.0

    async def quiet(self, within: float = 0) -> Any:
        return self.ledger.open()


def shows(scene: Scene, *texts: str) -> None:
    """The console has these messages."""
    items = {("chat", f"m{n}"): {"call": CALL, "text": text} for n, text in enumerate(texts)}
    scene.console.feed.model.items = cast(Any, items)


def verdict(scene: Scene) -> judge.Verdict:
    return asyncio.run(judge.judge(scene))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "SETTLE", 0.0)


def test_all_is_well() -> None:
    found = verdict(Scene())
    assert found.ok
    assert found.acked == 4


@pytest.mark.parametrize(
    ("name", "plant", "marks"),
    [
        ("lost", lambda scene: scene.server.chat.pop(0), ["chat c1 1: the database"]),
        ("lost", lambda scene: scene.server.fixes.pop(), [f"fix {CALL} 3: the database"]),
        ("lost", lambda scene: shows(scene, "c1 1"), ["chat staff 1: k1"]),
        (
            "doubled",
            lambda scene: scene.server.chat.append({"text": "c1 1"}),
            ["chat c1 1: the database"],
        ),
        (
            "doubled",
            lambda scene: scene.server.fixes.append({"accuracy": 2.0}),
            [f"fix {CALL} 2: the database"],
        ),
        ("doubled", lambda scene: shows(scene, "c1 1", "staff 1", "c1 1"), ["chat c1 1: k1"]),
        ("unequal", lambda scene: shows(scene, "c1 1", "staff 2"), ["k1: chat m1"]),
        (
            "unequal",
            lambda scene: scene.console.feed.model.latest.update(p=(1, {"call": CALL, "lat": 1})),
            ["k1: p"],
        ),
        (
            "unequal",
            lambda scene: scene.callers[0].feed.model.items.clear(),
            ["c1's page: [('chat', 'm0'), ('chat', 'm1')]"],
        ),
        (
            "stuck",
            lambda scene: scene.ledger.make("chat", mark="c1 9", call=CALL, by="c1"),
            ["chat c1 9"],
        ),
    ],
)
def test_what_is_planted_is_found(
    name: str, plant: Callable[[Scene], object], marks: list[str]
) -> None:
    scene = Scene()
    plant(scene)
    found = verdict(scene)
    assert not found.ok
    assert getattr(found, name) == marks


def test_it_fails_the_row() -> None:
    outcome = Outcome(ROWS[0])
    stage = Stage(cast(Ground, None), outcome, short=True, minutes=0)
    scene = Scene()
    scene.server.chat.clear()
    stage._load = scene
    asyncio.run(stage.judge())
    assert outcome.state == "failed"
    assert outcome.why == ["2 lost: chat c1 1: the database; chat staff 1: the database"]


def test_nothing_acknowledged_is_no_proof() -> None:
    outcome = Outcome(ROWS[0])
    stage = Stage(cast(Ground, None), outcome, short=True, minutes=0)
    scene = Scene()
    scene.ledger.items.clear()
    stage._load = scene
    asyncio.run(stage.judge())
    assert outcome.state == "failed"
