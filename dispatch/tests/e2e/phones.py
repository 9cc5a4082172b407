"""Phones with something wrong: scripts that run before the page's own, and networks that block."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from scripts.tests.doctor import faults

_CAPTURE = """
(() => {
  const wrong = %s;
  const media = navigator.mediaDevices;
  if (!media) return; // an empty page, before the link
  const real = media.getUserMedia.bind(media);
  media.getUserMedia = async (wanted) => {
    for (const [kind, how] of Object.entries(wrong)) {
      if (!wanted[kind]) continue;
      if (how === null) return new Promise(() => {});
      throw new DOMException(how[1], how[0]);
    }
    return real(wanted);
  };
})();
"""

_POSITION = """
(() => {
  const { code, state } = %s;
  const place = Geolocation.prototype;
  const fail = (_, failed) => {
    if (code) setTimeout(() => failed?.({ code, message: "test" }), 50);
    return 1;
  };
  place.watchPosition = fail;
  place.getCurrentPosition = fail;
  const query = navigator.permissions.query.bind(navigator.permissions);
  navigator.permissions.query = async (what) =>
    what.name === "geolocation" ? { state } : query(what);
})();
"""

#: A camera at the front beside the one at the back: green, and with a name of its own.
TWO_CAMERAS = """
(() => {
  const media = navigator.mediaDevices;
  if (!media) return; // an empty page, before the link
  const real = media.getUserMedia.bind(media);
  const list = media.enumerateDevices.bind(media);
  media.enumerateDevices = async () => [
    ...(await list()),
    { kind: "videoinput", deviceId: "front", label: "Front", groupId: "front" },
  ];
  media.getUserMedia = async (wanted) => {
    if (wanted.video?.facingMode?.exact !== "user") return real(wanted);
    const canvas = document.createElement("canvas");
    canvas.width = 640; canvas.height = 360;
    const pen = canvas.getContext("2d");
    let shade = 0;
    const timer = setInterval(() => {
      pen.fillStyle = `rgb(0, ${150 + (shade = (shade + 7) % 80)}, 0)`;
      pen.fillRect(0, 0, 640, 360);
    }, 50);
    const stream = canvas.captureStream(20);
    const stop = stream.getVideoTracks()[0].stop.bind(stream.getVideoTracks()[0]);
    stream.getVideoTracks()[0].stop = () => { clearInterval(timer); stop(); };
    return stream;
  };
})();
"""

#: A camera that is on and covered; one that gives one picture and then none.
_DRAWN = """
(() => {
  const media = navigator.mediaDevices;
  if (!media) return; // an empty page, before the link
  const real = media.getUserMedia.bind(media);
  media.getUserMedia = async (wanted) => {
    if (!wanted.video) return real(wanted);
    const canvas = document.createElement("canvas");
    canvas.width = 640; canvas.height = 360;
    const pen = canvas.getContext("2d");
    let frame = 0;
    const draw = () => {
      const shade = %s ? frame % 2 : 90 + frame %% 60;
      pen.fillStyle = `rgb(${shade}, ${shade}, ${shade})`;
      pen.fillRect(0, 0, 640, 360);
      frame++;
    };
    const timer = setInterval(() => { if (%s || frame < 40) draw(); }, 66);
    draw();
    const stream = canvas.captureStream();
    const sound = wanted.audio ? (await real({ audio: true })).getTracks() : [];
    for (const track of sound) stream.addTrack(track);
    return stream;
  };
})();
"""
COVERED = _DRAWN.replace("%s", "true").replace("%%", "%")
STUCK = _DRAWN.replace("%s", "false").replace("%%", "%")

NO_WEBRTC = "delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection;"


def capture(**wrong: tuple[str, str] | None) -> str:
    """`video` or `audio`: the name and words of the browser's refusal; None never answers."""
    return _CAPTURE % json.dumps(wrong)


def position(code: int, state: str = "denied") -> str:
    """A geolocation that fails with this code (0: never answers)."""
    return _POSITION % json.dumps({"code": code, "state": state})


@contextmanager
def blocked(*ways: tuple[str, int]) -> Iterator[None]:
    """This machine takes nothing on these ("udp" | "tcp", port): no answer at all, as a firewall.

    The ports are the private ones of the running stack, so nobody else notices.
    """
    with ExitStack() as closed:
        for protocol, port in ways:
            closed.enter_context(faults.blocked(protocol, port))
        yield
