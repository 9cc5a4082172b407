"""Requests to the caller's page, and cameras that nobody watches."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from dispatch.calls import presence, requests, services, tasks, watch
from dispatch.calls.models import Call, CallerRequest, CallEvent, MediaNode, Participant
from dispatch.calls.models.call import UNWATCHED_ALARM_AFTER, UNWATCHED_STOP_AFTER
from dispatch.calls.tests.acts import caller, close, fresh, room_of, take, tap
from dispatch.centres.access import scope
from dispatch.errors import Conflict
from dispatch.tests import factories
from dispatch.tests.fakes import FakeLiveKit

What, Answer = CallerRequest.What, CallerRequest.Answer


@pytest.fixture
def call(node: MediaNode) -> Call:
    return factories.call(centre=factories.centre())


def ask(call: Call, what: str) -> CallerRequest:
    with scope(call.centre):
        return requests.ask(call, what=what, command=uuid4(), user=call.owner)


def kinds(call: Call) -> list[str]:
    with scope(call.centre):
        events = CallEvent.objects.filter(call=call).order_by("at", "pk")
        return [kind for kind in events.values_list("kind", flat=True) if "." in kind]


def live(call: Call, livekit: FakeLiveKit) -> Participant:
    """A page that publishes, in the room, and says so."""
    page = caller(call)
    tap(call, page)
    seat = take(page)
    seen = livekit.enter(room_of(call).node, seat.token)
    presence.apply_join(centre=call.centre, room_name=room_of(call).name, seen=seen)
    with scope(call.centre):
        services.media_reported(
            fresh_in(call),
            boot=page.boot,
            session=page.session,
            state="live",
            camera=True,
            microphone=True,
        )
    return page


def fresh_in(call: Call) -> Call:
    found: Call = Call.objects.select_related("publisher").get(pk=call.pk)
    return found


def age(call: Call, seconds: float) -> None:
    """Time goes by: what was noted a moment ago was noted `seconds` earlier."""
    with scope(call.centre):
        Call.objects.filter(pk=call.pk).update(
            unwatched_since=timezone.now() - timedelta(seconds=seconds)
        )


def test_a_request_is_asked_once_and_answered_once(call: Call, livekit_fake: FakeLiveKit) -> None:
    page = live(call, livekit_fake)
    assert page.session is not None
    command = uuid4()
    with scope(call.centre):
        first = requests.ask(call, what=What.FLIP, command=command, user=call.owner)
    with scope(call.centre):
        again = requests.ask(call, what=What.FLIP, command=command, user=call.owner)
        assert again.pk == first.pk
        assert [one.pk for one in requests.open_ones(call)] == [command]
    for outcome in ("done", "failed"):
        with scope(call.centre):
            requests.answer(call, request_id=command, outcome=outcome, session=page.session)
    with scope(call.centre):
        assert CallerRequest.objects.get(pk=command).answer == Answer.DONE
        assert requests.open_ones(call) == []
    assert kinds(call).count("request.flip") == 1
    assert kinds(call).count("request.done") == 1
    assert "request.failed" not in kinds(call)


def test_a_command_asks_one_thing_of_one_call(call: Call) -> None:
    other = factories.call(centre=call.centre)
    command = uuid4()
    with scope(call.centre):
        requests.ask(call, what=What.CAMERA, command=command, user=call.owner)
        for asked, what in ((other, What.CAMERA), (call, What.MICROPHONE)):
            with pytest.raises(Conflict) as refused:
                requests.ask(asked, what=what, command=command, user=call.owner)
            assert refused.value.code == "command_used"
        assert CallerRequest.objects.filter(pk=command).count() == 1


def test_asking_again_replaces_and_closing_withdraws(call: Call) -> None:
    first, second = ask(call, What.CAMERA), ask(call, What.CAMERA)
    with scope(call.centre):
        assert CallerRequest.objects.get(pk=first.pk).answer == Answer.REPLACED
        assert [one.pk for one in requests.open_ones(call)] == [second.pk]
    close(call)
    with scope(call.centre):
        assert requests.open_ones(call) == []
    with pytest.raises(Conflict):
        ask(call, What.CAMERA)


@pytest.mark.parametrize("what", [What.FLIP, What.MUTE])
def test_without_a_phone_there_is_nothing_to_turn_or_mute(call: Call, what: str) -> None:
    with pytest.raises(Conflict) as refused:
        ask(call, what)
    assert refused.value.code == "not_live"


def test_mute_silences_in_the_room_unless_the_page_was_quicker(
    call: Call, livekit_fake: FakeLiveKit
) -> None:
    page = live(call, livekit_fake)
    ask(call, What.MUTE)
    factories.carry_out(call.centre, requests.SILENCE)
    silenced = [what for what, _ in livekit_fake.asked].count("mute_microphone")
    assert silenced == 1
    ask(call, What.MUTE)
    with scope(call.centre):
        services.media_reported(
            fresh_in(call),
            boot=page.boot,
            session=page.session,
            state="live",
            camera=True,
            microphone=False,
        )
    factories.carry_out(call.centre, requests.SILENCE)
    assert [what for what, _ in livekit_fake.asked].count("mute_microphone") == 1


def test_nobody_watching_alarms_then_stops_the_video_and_keeps_the_call(
    call: Call, livekit_fake: FakeLiveKit
) -> None:
    live(call, livekit_fake)
    tasks.look_at_cameras()
    assert fresh(call).unwatched_since is not None
    assert not fresh(call).unwatched_alarm, "a console that reloads is back before the alarm"
    age(call, 16)
    tasks.look_at_cameras()
    assert fresh(call).unwatched_alarm
    assert kinds(call)[-1] == "camera.unwatched"
    generation = fresh(call).generation
    age(call, 61)
    tasks.look_at_cameras()
    after = fresh(call)
    assert after.is_open
    assert (after.media, after.camera, after.unwatched_stop) == ("stopped", False, True)
    assert after.generation == generation + 1, "whatever the page does, its room is gone"
    with scope(call.centre):
        assert [one.what for one in requests.open_ones(call)] == [What.STOP]
    assert "camera.unwatched_stop" in kinds(call)
    tasks.look_at_cameras()
    assert kinds(call).count("camera.unwatched_stop") == 1


def test_no_video_stops_without_an_alarm_that_could_be_heard(
    call: Call, livekit_fake: FakeLiveKit
) -> None:
    live(call, livekit_fake)
    tasks.look_at_cameras()
    age(call, 3600)  # nothing looked for so long, or the clock was set
    tasks.look_at_cameras()
    tasks.look_at_cameras()
    alarmed = fresh(call)
    assert (alarmed.media, alarmed.unwatched_alarm) == ("live", True)
    assert kinds(call)[-1] == "camera.unwatched"
    assert alarmed.unwatched_since is not None
    left = alarmed.unwatched_since + UNWATCHED_STOP_AFTER - timezone.now()
    usual = UNWATCHED_STOP_AFTER - UNWATCHED_ALARM_AFTER
    assert usual - timedelta(seconds=10) < left <= usual
    age(call, 61)
    tasks.look_at_cameras()
    assert fresh(call).media == "stopped"


def test_a_watcher_ends_the_alarm(call: Call, livekit_fake: FakeLiveKit) -> None:
    live(call, livekit_fake)
    tasks.look_at_cameras()
    age(call, 20)
    tasks.look_at_cameras()
    room = room_of(call)
    seat = take(factories.staff_page(call))
    seen = livekit_fake.enter(room.node, seat.token)
    presence.apply_join(centre=call.centre, room_name=room.name, seen=seen)
    tasks.look_at_cameras()
    assert fresh(call).unwatched_since is None
    assert "camera.watched" in kinds(call)


def test_a_phone_that_has_gone_rings_no_alarm_and_an_alarm_without_camera_is_not_watched(
    call: Call, livekit_fake: FakeLiveKit
) -> None:
    page = live(call, livekit_fake)
    tasks.look_at_cameras()
    age(call, 20)
    tasks.look_at_cameras()
    assert fresh(call).unwatched_alarm
    page.refresh_from_db()
    presence.apply_lost(
        centre=call.centre,
        room_name=room_of(call).name,
        identity=page.identity,
        sid=page.sid,
    )
    tasks.look_at_cameras()
    assert fresh(call).unwatched_since is None
    assert "camera.watched" not in kinds(call), "nobody has come"
    tasks.look_at_cameras()
    assert fresh(call).unwatched_since is None


def test_while_the_node_is_away_nobody_is_blamed(
    call: Call, node: MediaNode, livekit_fake: FakeLiveKit
) -> None:
    live(call, livekit_fake)
    MediaNode.objects.filter(pk=node.pk).update(up=False)
    with scope(call.centre):
        watch.check(fresh_in(call))
    assert fresh(call).unwatched_since is None


@pytest.mark.parametrize("what", [What.MUTE, What.STOP, What.FLIP, What.MICROPHONE])
def test_nobody_else_with_the_link_answers_for_the_page_that_sends(
    call: Call, livekit_fake: FakeLiveKit, what: str
) -> None:
    page = live(call, livekit_fake)
    assert page.session is not None
    asked = ask(call, what)
    for session, answer in ((uuid4(), Answer.OPEN), (page.session, Answer.DONE)):
        with scope(call.centre):
            requests.answer(call, request_id=asked.pk, outcome="done", session=session)
            assert CallerRequest.objects.get(pk=asked.pk).answer == answer


def test_a_request_never_leaves_its_centre(call: Call) -> None:
    other = factories.call(centre=factories.centre())
    mine = ask(call, What.CAMERA)
    with scope(other.centre):
        requests.answer(other, request_id=mine.pk, outcome="done", session=uuid4())
    with scope(call.centre):
        assert CallerRequest.objects.get(pk=mine.pk).answer == Answer.OPEN


def test_one_call_in_trouble_leaves_the_others_looked_at(
    node: MediaNode, livekit_fake: FakeLiveKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [factories.call(centre=factories.centre()) for _ in range(2)]
    for one in calls:
        live(one, livekit_fake)
    check = watch.check

    def fails_for_the_first(call: Call) -> None:
        if call.pk == calls[0].pk:
            raise RuntimeError("a broken row")
        check(call)

    monkeypatch.setattr(watch, "check", fails_for_the_first)
    tasks.look_at_cameras()
    assert fresh(calls[0]).unwatched_since is None
    assert fresh(calls[1]).unwatched_since is not None
