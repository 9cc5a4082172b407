"""The test call itself: a camera that is a moving pattern, and staff who watch it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from livekit import rtc

from dispatch.upkeep.synthetic import caller
from dispatch.upkeep.synthetic.caller import Order, Outcome
from dispatch.upkeep.synthetic.door import Door

WIDTH, HEIGHT, RATE = 640, 360, 15
#: A decoded picture counts when it is as wide as this, and not of one grey.
LEAST_WIDTH, LEAST_CONTRAST = 320, 60
#: For reading which way the picture took, after it came, in seconds.
STATS_S = 1.0

T = TypeVar("T")


async def make(order: Order) -> Outcome:
    """Make the call. Never raises; within caller.WITHIN_S and a moment."""
    door = Door(url=order.url, transport=order.transport)
    camera, viewer = rtc.Room(), rtc.Room()
    call = _Call(order, door, camera, viewer)
    try:
        await asyncio.wait_for(call.run(), caller.WITHIN_S)
    except (TimeoutError, rtc.ConnectError, rtc.participant.PublishTrackError, OSError):
        pass  # how far it came says it all
    pairs = [await _protocol(room) for room in (camera, viewer)] if call.first_frame_ms else []
    outcome = Outcome(
        stage=caller.DONE,
        connected_ms=call.connected_ms,
        first_frame_ms=call.first_frame_ms,
        pairs=pairs,
        offered=door.offered,
        refused=door.refused,
    )
    return replace(outcome, stage=stage(outcome, order.transport, joined=door.joined))


def stage(outcome: Outcome, transport: str, *, joined: bool) -> str:
    """How far the call came."""
    if outcome.first_frame_ms is not None:
        return caller.DONE if set(outcome.pairs) == {transport} else caller.PAIR
    if outcome.connected_ms is not None:
        return caller.FRAME
    if not joined:
        return caller.SIGNAL
    return caller.MEDIA if outcome.offered else caller.OFFER


class _Call:
    def __init__(self, order: Order, door: Door, camera: rtc.Room, viewer: rtc.Room) -> None:
        self.order, self.door, self.camera, self.viewer = order, door, camera, viewer
        self.connected_ms: int | None = None
        self.first_frame_ms: int | None = None
        self._seen = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        url = await self.door.open()
        options = rtc.RoomOptions(
            connect_timeout=3.0,
            rtc_config=rtc.RtcConfiguration(
                continual_gathering_policy=rtc.ContinualGatheringPolicy.GATHER_ONCE
            ),
        )

        @self.viewer.on("track_subscribed")
        def _watch(track: rtc.Track, *_: object) -> None:
            self._keep(self._look(track))

        # Staff sit there already, as in a real call; then the clock runs.
        await self.viewer.connect(url, self.order.viewer_token, options)
        began = time.monotonic()
        await self.camera.connect(url, self.order.camera_token, options)
        self.connected_ms = _since(began)
        source = rtc.VideoSource(WIDTH, HEIGHT)
        self._keep(_draw(source))
        await self.camera.local_participant.publish_track(
            rtc.LocalVideoTrack.create_video_track("camera", source),
            rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=False),
        )
        await self._seen.wait()
        self.first_frame_ms = _since(began)

    async def _look(self, track: rtc.Track) -> None:
        async for event in rtc.VideoStream(track, format=rtc.VideoBufferType.I420):
            frame = event.frame
            middle = bytes(frame.data[frame.width * (frame.height // 2) :][: frame.width])
            if frame.width >= LEAST_WIDTH and max(middle) - min(middle) >= LEAST_CONTRAST:
                self._seen.set()
                return

    def _keep(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)


async def _draw(source: rtc.VideoSource) -> None:
    """A grey ramp that moves: any frame of it has contrast, no two are the same."""
    colourless, shift = bytes([128]) * (WIDTH * HEIGHT // 2), 0
    while True:
        row = bytes((x // 2 + shift) % 256 for x in range(WIDTH))
        picture = bytearray(row * HEIGHT + colourless)
        source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.I420, picture))
        shift += 8
        await asyncio.sleep(1 / RATE)


async def _protocol(room: rtc.Room) -> str:
    """udp or tcp: the ICE pair that the room's connection uses, by its own statistics."""
    with suppress(TimeoutError, RuntimeError, rtc.ConnectError):
        stats = await asyncio.wait_for(room.get_rtc_stats(), STATS_S)
        entries = [*stats.publisher_stats, *stats.subscriber_stats]
        pairs = {
            entry.candidate_pair.rtc.id: entry.candidate_pair.candidate_pair.local_candidate_id
            for entry in entries
            if entry.HasField("candidate_pair")
        }
        protocols = {
            entry.local_candidate.rtc.id: entry.local_candidate.candidate.protocol
            for entry in entries
            if entry.HasField("local_candidate")
        }
        for entry in entries:
            if entry.HasField("transport"):
                pair = pairs.get(entry.transport.transport.selected_candidate_pair_id, "")
                if pair in protocols:
                    return protocols[pair]
    return "unknown"


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
