"""The synthetic caller: what it lets through, how far it came, and how that is told."""

from __future__ import annotations

import json

import pytest
from livekit.protocol import rtc as wire

from dispatch.upkeep.doctor import media
from dispatch.upkeep.doctor.result import State
from dispatch.upkeep.synthetic import caller, journey
from dispatch.upkeep.synthetic.caller import Outcome
from dispatch.upkeep.synthetic.door import Door

UDP = "candidate:1 1 udp 2130706431 203.0.113.5 7882 typ host ufrag a"
TCP = "candidate:2 1 tcp 1671430143 203.0.113.5 7881 typ host tcptype passive ufrag a"
V6 = "candidate:3 1 UDP 2130706431 2001:db8::5 7882 typ host ufrag a"
SDP = f"v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na={UDP}\r\na={TCP}\r\na=end-of-candidates\r\n"


@pytest.mark.parametrize(("transport", "kept", "left_out"), [("udp", UDP, TCP), ("tcp", TCP, UDP)])
def test_only_one_kind_of_address_passes(transport: str, kept: str, left_out: str) -> None:
    door = Door(url="ws://node:7880", transport=transport)
    answer = wire.SignalResponse(answer=wire.SessionDescription(type="answer", sdp=SDP))
    door._clean(answer, note=True)
    assert answer.answer.sdp == SDP.replace(f"a={left_out}\r\n", "")
    offer = wire.SignalRequest(offer=wire.SessionDescription(type="offer", sdp=SDP))
    door._clean(offer)
    assert left_out not in offer.offer.sdp
    assert kept in offer.offer.sdp

    def passes(candidate: str) -> bool:
        init = json.dumps({"candidate": candidate, "sdpMid": "0"})
        return door._passes(wire.TrickleRequest(candidateInit=init), note=True)

    assert (passes(kept), passes(left_out), passes("")) == (True, False, True)
    assert passes(V6) is (transport == "udp")
    assert not door._passes(wire.TrickleRequest(candidateInit="not JSON"))
    port = kept.split()[5]
    expected = [f"203.0.113.5:{port}"] + (["[2001:db8::5]:7882"] if transport == "udp" else [])
    assert door.offered == expected


def outcome(
    *,
    connected: int | None = None,
    frame: int | None = None,
    pairs: tuple[str, ...] = (),
    offered: tuple[str, ...] = ("203.0.113.5:7881",),
) -> Outcome:
    return Outcome(
        stage=caller.DONE,
        connected_ms=connected,
        first_frame_ms=frame,
        pairs=list(pairs),
        offered=list(offered),
    )


@pytest.mark.parametrize(
    ("lived", "joined", "stage"),
    [
        (outcome(connected=90, frame=250, pairs=("tcp", "tcp")), True, caller.DONE),
        (outcome(connected=90, frame=250, pairs=("tcp", "udp")), True, caller.PAIR),
        (outcome(connected=90, frame=250, pairs=("unknown", "tcp")), True, caller.PAIR),
        (outcome(connected=90), True, caller.FRAME),
        (outcome(), True, caller.MEDIA),
        (outcome(offered=()), True, caller.OFFER),
        (outcome(offered=()), False, caller.SIGNAL),
    ],
)
def test_how_far_it_came(lived: Outcome, joined: bool, stage: str) -> None:
    assert journey.stage(lived, "tcp", joined=joined) == stage


@pytest.mark.parametrize(
    ("stage", "state", "words"),
    [
        (caller.MEDIA, State.FAILED, "TCP does not get through to 203.0.113.5:7881."),
        (caller.OFFER, State.FAILED, "The node offers no TCP address to browsers."),
        (caller.SIGNAL, State.FAILED, "No signalling connection (404)."),
        (caller.FRAME, State.FAILED, "Connected over TCP, but no picture came within 4 s."),
        (caller.PAIR, State.FAILED, "The picture took another way than TCP: udp."),
        (caller.BROKEN, State.NOT_CHECKED, "The synthetic caller itself did not run"),
    ],
)
def test_each_end_has_its_sentence(stage: str, state: State, words: str) -> None:
    lived = Outcome(stage=stage, pairs=["udp"], offered=["203.0.113.5:7881"], refused=404)
    found = media.judge("media.one.tcp", "tcp", lived)
    assert found.state is state
    assert words in found.what
    assert found.todo


def test_a_slow_picture_is_a_warning() -> None:
    lived = Outcome(caller.DONE, connected_ms=900, first_frame_ms=3900, pairs=["udp", "udp"])
    assert media.judge("media.one.udp", "udp", lived).state is State.WARNING


@pytest.mark.parametrize(
    "said", ["", "thread 'main' panicked", "[]", '{"stage": "elsewhere"}', '{"unknown": 1}']
)
def test_what_is_not_an_outcome_is_broken(said: str) -> None:
    assert caller.read(said).stage == caller.BROKEN


def test_tokens_stay_out_of_sight() -> None:
    order = caller.Order("ws://node", "udp", camera_token="s3cret", viewer_token="s3cret")
    assert "s3cret" not in repr(order)


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing listens there, and no time is left to find out.
    monkeypatch.setattr(caller, "LIMIT_S", 0.01)
    lived = caller.call(
        url="ws://127.0.0.1:1", transport="udp", camera_token="no", viewer_token="no"
    )
    assert lived.stage == caller.BROKEN


def test_a_node_that_is_away_is_no_signalling() -> None:
    lived = caller.call(
        url="ws://127.0.0.1:1", transport="udp", camera_token="no", viewer_token="no"
    )
    assert (lived.stage, lived.offered) == (caller.SIGNAL, [])
