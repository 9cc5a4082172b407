"""The fake LiveKit and the real one, asked the same: what tests rely on is true.

The real server comes from the project's own set-up; where it is missing these tests fail.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch.calls import livekit
from dispatch.calls.tests.benches import KEY, SECRET, Bench, FakeBench, Hooks, RealBench, Server
from dispatch.centres.access import scope
from dispatch.feed.unit import InsideUnit
from dispatch.tests import factories, fakes
from scripts.sightline.livekit import LiveKit
from scripts.sightline.ports import Ports


@pytest.fixture(scope="module")
def hooks() -> Iterator[Hooks]:
    receiver = Hooks()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hooks: Hooks) -> Iterator[LiveKit]:
    base: Path = tmp_path_factory.mktemp("livekit")
    ports = Ports()
    part = Server(
        base=base,
        port=ports.choose("livekit"),
        tcp_port=ports.choose("livekit_tcp"),
        udp_port=ports.choose("livekit_udp", udp=True),
        keys=f"{KEY}:{SECRET}",
        webhook=hooks.url,
        log_dir=base,
    )
    part.start()
    part.wait_ready()
    yield part
    part.kill()  # it would wait for its pages
    part.stop()


@pytest.fixture
def real(server: LiveKit, settings: Any) -> Iterator[RealBench]:
    settings.LIVEKIT_KEYS = factories.NODE_KEYS
    made = RealBench(server)
    yield made
    made.close()


@pytest.fixture(params=["fake", "real"])
def bench(request: pytest.FixtureRequest) -> Bench:
    if request.param == "fake":
        return FakeBench(request.getfixturevalue("livekit_fake"))
    real: RealBench = request.getfixturevalue("real")
    return real


def new_name() -> str:
    return f"room-{secrets.token_hex(8)}"


def caller(bench: Bench, room: str, identity: str = "caller-1", *, hears: bool = False) -> str:
    return livekit.caller_token(node=bench.node, room=room, identity=identity, subscribe=hears)


def there(bench: Bench, room: str) -> dict[str, livekit.Seen]:
    seen = livekit.list_participants(node=bench.node, rooms=[room])[room]
    return {one.identity: one for one in seen}


def until(condition: Callable[[], bool]) -> None:
    """Wait for what the server does in its own time."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_rooms_come_and_go(bench: Bench) -> None:
    name = new_name()
    for _ in range(2):
        livekit.ensure_room(node=bench.node, name=name, metadata="mark")
    (listed,) = [room for room in livekit.list_rooms(node=bench.node) if room.name == name]
    assert listed.metadata == "mark"
    assert abs(datetime.now(UTC) - listed.created_at) < timedelta(seconds=5)
    for _ in range(2):
        livekit.delete_room(node=bench.node, name=name)
    assert name not in {room.name for room in livekit.list_rooms(node=bench.node)}


def test_a_token_opens_its_room_only_while_it_exists(bench: Bench) -> None:
    name = new_name()
    token = caller(bench, name)
    assert not bench.may_join(token), "rooms are never created by joining"
    livekit.ensure_room(node=bench.node, name=name)
    assert bench.may_join(token)
    livekit.delete_room(node=bench.node, name=name)
    assert not bench.may_join(token)
    # Why a name is never used twice:
    livekit.ensure_room(node=bench.node, name=name)
    assert bench.may_join(token)


def test_who_is_there(bench: Bench) -> None:
    name, empty = new_name(), new_name()
    for room in (name, empty):
        livekit.ensure_room(node=bench.node, name=room)
    token = caller(bench, name)
    staff = livekit.staff_token(node=bench.node, room=name, identity="staff-1")
    bench.enter(token)
    bench.enter(staff)
    found = there(bench, name)
    assert set(found) == {"caller-1", "staff-1"}
    assert found["caller-1"].can_subscribe is False
    assert found["staff-1"].can_subscribe is True
    assert len({one.sid for one in found.values()}) == 2
    for one in found.values():
        assert abs(datetime.now(UTC) - one.joined_at) < timedelta(seconds=5)
    both = livekit.list_participants(node=bench.node, rooms=[empty, "never-made", name])
    assert {room: len(seen) for room, seen in both.items()} == {empty: 0, "never-made": 0, name: 2}
    assert livekit.list_participants(node=bench.node, rooms=[]) == {}
    bench.leave(staff)
    livekit.remove_participant(node=bench.node, room=name, identity="caller-1")
    until(lambda: "caller-1" not in there(bench, name))


def test_a_second_connection_has_another_id_and_a_later_start(bench: Bench) -> None:
    name = new_name()
    livekit.ensure_room(node=bench.node, name=name)
    bench.enter(caller(bench, name))
    first = there(bench, name)["caller-1"]
    time.sleep(0.01)
    bench.enter(caller(bench, name, hears=True))
    until(lambda: there(bench, name)["caller-1"].sid != first.sid)
    second = there(bench, name)["caller-1"]
    assert second.joined_at > first.joined_at


def test_the_right_to_hear_changes_alone(bench: Bench) -> None:
    name = new_name()
    livekit.ensure_room(node=bench.node, name=name)
    bench.enter(caller(bench, name))
    for allowed in (True, True, False):
        done = livekit.set_can_subscribe(
            node=bench.node, room=name, identity="caller-1", allowed=allowed
        )
        assert done is True
        assert there(bench, name)["caller-1"].can_subscribe is allowed
    absent = livekit.set_can_subscribe(
        node=bench.node, room=name, identity="caller-9", allowed=True
    )
    assert absent is False


def test_the_absent_are_removed_already(bench: Bench) -> None:
    name = new_name()
    for _ in range(2):
        livekit.remove_participant(node=bench.node, room=name, identity="caller-1")
        livekit.ensure_room(node=bench.node, name=name)


def test_the_removed_come_back_with_their_token(bench: Bench) -> None:
    """Which is why putting someone out for good means moving the call."""
    name = new_name()
    livekit.ensure_room(node=bench.node, name=name)
    token = caller(bench, name)
    bench.enter(token)
    livekit.remove_participant(node=bench.node, room=name, identity="caller-1")
    assert bench.may_join(token)


def test_nothing_is_asked_inside_a_unit(bench: Bench) -> None:
    node = bench.node
    with scope(factories.centre()):
        for ask in (
            lambda: livekit.ensure_room(node=node, name="r"),
            lambda: livekit.delete_room(node=node, name="r"),
            lambda: livekit.list_rooms(node=node),
            lambda: livekit.list_participants(node=node, rooms=["r"]),
            lambda: livekit.remove_participant(node=node, room="r", identity="i"),
            lambda: livekit.set_can_subscribe(node=node, room="r", identity="i", allowed=True),
        ):
            with pytest.raises(InsideUnit):
                ask()


def test_the_other_grants_of_the_real_one_stay(real: RealBench) -> None:
    name = new_name()
    livekit.ensure_room(node=real.node, name=name)
    real.enter(caller(real, name))
    before = real.permission(name)
    livekit.set_can_subscribe(node=real.node, room=name, identity="caller-1", allowed=True)
    after = real.permission(name)
    assert before["can_publish_sources"] == ["CAMERA", "MICROPHONE"]
    assert after == {**before, "can_subscribe": True}


def test_a_dead_node_and_a_wrong_key(server: LiveKit, settings: Any) -> None:
    settings.LIVEKIT_KEYS = {**factories.NODE_KEYS, "stranger": "d" * 40}
    dead = factories.node()
    strange = factories.node(api_url=server.api_url, api_key="stranger")
    for node in (dead, strange):
        with pytest.raises(livekit.Unreachable) as problem:
            livekit.list_rooms(node=node)
        assert "eyJ" not in str(problem.value)
        with pytest.raises(livekit.Unreachable):
            livekit.list_participants(node=node, rooms=["r"])


def test_real_webhooks_are_signed_and_read_as_expected(real: RealBench, hooks: Hooks) -> None:
    name = new_name()
    livekit.ensure_room(node=real.node, name=name)
    livekit.delete_room(node=real.node, name=name)
    ids = set()
    for expected in ("room_started", "room_finished"):
        body, authorization = hooks.next_about(name)
        event = livekit.verify_webhook(body, authorization)
        assert (event.name, event.room, event.api_key) == (expected, name, KEY)
        assert abs(datetime.now(UTC) - event.at) < timedelta(seconds=5)
        assert event.id.startswith("EV_")
        ids.add(event.id)
        with pytest.raises(livekit.BadSignature):
            livekit.verify_webhook(body + b" ", authorization)
    assert len(ids) == 2
    # And the fake's are read the same way.
    made = livekit.verify_webhook(*fakes.webhook("room_started", name, key=KEY, secret=SECRET))
    assert (made.name, made.room, made.api_key) == ("room_started", name, KEY)
