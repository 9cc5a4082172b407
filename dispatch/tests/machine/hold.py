"""What must hold whenever the world is at rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from callers import feeds
from dispatch.calls.models import Call
from dispatch.centres.access import scope
from dispatch.console import snapshot
from dispatch.feed import replay
from dispatch.tests.machine import facts
from dispatch.tests.machine.actors import Console, Page
from dispatch.tests.machine.expect import Case
from dispatch.tests.machine.model import Model
from dispatch.tests.machine.world import World

#: How long a closed call stays on a board (design: "Closing can be undone for 10 minutes").
ON_BOARD = timedelta(minutes=10)
#: Last values that each process sees for itself: they are as new as its last look.
LOOKED_AT = {"health", "video"}
#: Virtual seconds that pass while a last value waits for its turn.
STEP_S = 0.05


def everything(world: World) -> None:
    """Models, snapshots, database and acknowledgements agree. Raises AssertionError."""
    assert not world.air.too_early, f"told before it was committed: {world.air.too_early}"
    walls = [desk.centre.pk for desk in world.desks]
    found = facts.calls(walls)
    facts.check_streams(walls)
    assert found.keys() == {case.id for case in world.cases}
    for case in world.cases:
        acknowledged(case, found[case.id], ordered=not world.disordered)
    for desk in world.desks:
        consoles = [one for one in world.consoles if one.desk is desk and one.live]
        if not consoles:
            continue
        with scope(desk.centre, snapshot=True):
            fresh = Model()
            fresh.apply(replay.snapshot(desk.centre.stream, snapshot.items()))
        for console in consoles:
            _await_latest(world, console, fresh)
            same_board(console.model, fresh)
            agrees(
                console.model, [found[case.id] for case in world.cases if case.desk == desk.index]
            )
    for page in world.pages:
        _page(world, page)


def acknowledged(case: Case, row: dict[str, Any], *, ordered: bool) -> None:
    """What was acknowledged is there once, and nothing else is."""
    assert (row["state"] == "open") == case.open, f"{case.id} is {row['state']}"
    assert tuple(row["media"]) == case.media
    assert (tuple(row["publisher"]) if row["publisher"] else None) == case.publisher
    fixes = [tuple(fix) for fix in row["fixes"]]
    assert len(fixes) == len(set(fixes)), "a fix was stored twice"
    assert set(fixes) == case.fixes, f"fixes: {set(fixes) ^ case.fixes}"
    chat = [(key, (side, text)) for key, side, text in row["chat"]]
    assert sorted(chat) == sorted(case.chat.items()), "chat: not each message once"
    if ordered:
        assert chat == list(case.chat.items()), "chat: not in the order it was taken"
    assert row["requests"] == {one: asked.answer for one, asked in case.requests.items()}
    for kind, count in case.events.items():
        assert row["events"].get(kind, 0) == count, f"{kind}: {row['events'].get(kind, 0)}"
    for session, known in case.sessions.items():
        permissions, conditions, opened = row["sessions"][session]
        said = {what: (one["outcome"], one["boot"]) for what, one in permissions.items()}
        assert said == known.permissions
        assert set(conditions) == known.conditions
        assert opened == known.opened
    present = {who for who, seat in case.seats.items() if seat.present}
    assert set(row["present"]) == present, f"present: {row['present']}, not {present}"
    for stage, at in case.stages.items():
        assert row["stages"].get(stage) == at, f"stage {stage} went from {at}"
    case.stages = {stage: at for stage, at in row["stages"].items() if stage != "ended"}


def same_board(model: Model, fresh: Model) -> None:
    """A console shows what a console that is opened now would show.

    Calls leave the board by the clock, ten minutes after their closing, so of closed ones only
    those that both have are compared.
    """
    mine, other = _board(model), _board(fresh)
    open_mine = {call for call, (is_open, _) in mine.items() if is_open}
    open_other = {call for call, (is_open, _) in other.items() if is_open}
    assert open_mine == open_other, f"open: {open_mine ^ open_other}"
    assert {call for call in other if _closed_lately(fresh, call)} <= mine.keys()
    for call in mine.keys() & other.keys():
        assert mine[call] == other[call], f"{call}: {_difference(mine[call][1], other[call][1])}"
    positions = {key for key in fresh.latest if key.startswith("position:")} | {"video"}
    for key in positions & (fresh.latest.keys() | model.latest.keys()):
        assert model.latest.get(key) == fresh.latest.get(key), key


def agrees(model: Model, rows: list[dict[str, Any]]) -> None:
    """A few facts of a console's model by what the database itself says."""
    cards = model.items.get("call", {})
    assert {call for call, card in cards.items() if card["state"] == "open"} == {
        row["id"] for row in rows if row["state"] == "open"
    }
    for row in rows:
        card = cards.get(row["id"])
        if card is None or row["state"] != "open":
            continue
        reached = {stage for stage, mark in card["stages"].items() if mark["at"]}
        assert reached == set(row["stages"]), f"stages: {reached ^ set(row['stages'])}"
        said = [one for one in model.items.get("chat", {}).values() if one["call"] == row["id"]]
        texts = [one["text"] for one in sorted(said, key=lambda one: str(one["at"]))]
        assert sorted(texts) == sorted(text for _, _, text in row["chat"])
        value = model.latest.get(f"position:{row['id']}")
        here = [value["body"]["lat"], value["body"]["lon"]] if value else None
        assert here == row["position"], f"position: {here}, not {row['position']}"


def _page(world: World, page: Page) -> None:
    case = world.case_of(page)
    if world.dead(page):
        assert not page.live or not page.line, "a page with a revoked link still listens"
        return
    if not page.live:
        return
    with scope(world.desks[case.desk].centre, snapshot=True):
        call = Call.objects.get(pk=case.id)
        fresh = Model()
        fresh.apply(replay.snapshot(call.stream, feeds.caller_items(call)))
    assert page.model.items == fresh.items, _difference(page.model.items, fresh.items)
    card = page.model.items["call"]["call"]
    assert card["publisher"] == (case.publisher[1] if case.publisher else None)
    assert {text for _, text in case.chat.values()} == {
        one["text"] for one in page.model.items.get("chat", {}).values()
    }


def _await_latest(world: World, console: Console, fresh: Model) -> None:
    """Last values wait for their turn, at most half a second."""

    def there() -> bool:
        return all(
            key in console.model.latest and console.model.latest[key]["version"] >= one["version"]
            for key, one in fresh.latest.items()
            if key not in LOOKED_AT
        )

    for _ in range(40):
        if there():
            return
        world.loop.pass_time(STEP_S)
        world.loop.linger()
    assert there(), f"last values: {console.model.latest}, not {fresh.latest}"


def _board(model: Model) -> dict[str, tuple[bool, dict[str, Any]]]:
    """By call: whether it is open, and its items."""
    board: dict[str, tuple[bool, dict[str, Any]]] = {}
    for call, card in model.items.get("call", {}).items():
        board[call] = (card["state"] == "open", {"call": card})
    for kind, bodies in model.items.items():
        if kind != "call":
            for key, body in bodies.items():
                if body["call"] in board:
                    board[body["call"]][1][f"{kind}/{key}"] = body
    return board


def _closed_lately(model: Model, call: str) -> bool:
    closed = model.items["call"][call]["closed_at"]
    if closed is None:
        return True
    at = parse_datetime(closed)
    assert at is not None
    # Well inside: one that closed before the clock was put back may be there again.
    return timedelta(0) <= timezone.now() - at < ON_BOARD / 2


def _difference(mine: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Only what differs, for a person to read."""
    keys = mine.keys() | other.keys()
    return {key: (mine.get(key), other.get(key)) for key in keys if mine.get(key) != other.get(key)}
