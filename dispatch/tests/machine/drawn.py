"""What Hypothesis draws from."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

texts = st.sampled_from(["here", "Where are you?", "Ok, 🚒 comes", "ما العنوان؟", "<b>no</b>"])
requests = st.sampled_from(["camera", "microphone", "flip", "mute"])

#: The server's clock, off by this: minutes as after a long sleep, hours as of a wrong zone.
#: Below the life of a sign-in (12 h), which is not what this is about.
clock_errors = st.sampled_from(
    [timedelta(seconds=seconds) for seconds in (0, 0, -37, 37, -311, 311, 905, -3_607, 7_219)]
)

#: The phone's clock, in ms: about right, a minute off, in 1970, years ahead, nonsense.
_NOW = 1_795_000_000_000.0
_phone_times = st.sampled_from([_NOW, _NOW + 61_000, 0.0, _NOW + 1e11, 1e300, -1e300])
_ages = st.sampled_from([0.0, 900.0, 65_000.0, -5_000.0, 1e12])

_fixes = st.builds(
    lambda lat, lon, sent, age: {
        "kind": "fix",
        "lat": lat / 64,
        "lon": lon / 64,
        "accuracy": 12.5,
        "at": sent - age,
        "sent_at": sent,
    },
    st.integers(-90 * 64, 90 * 64),
    st.integers(-180 * 64, 180 * 64),
    _phone_times,
    _ages,
)
_chat = st.builds(lambda text: {"kind": "chat", "text": text}, texts)
_permissions = st.builds(
    lambda what, outcome: {"kind": "permission", "what": what, "outcome": outcome},
    st.sampled_from(["camera", "microphone", "position"]),
    st.sampled_from(["granted", "denied", "absent"]),
)
_media = st.builds(
    lambda state, camera, microphone: {
        "kind": "media",
        "state": state,
        "camera": camera,
        "microphone": microphone,
    },
    st.sampled_from(["live", "stopped", "paused"]),
    st.booleans(),
    st.booleans(),
)
_conditions = st.builds(
    lambda names: {"kind": "conditions", "names": sorted(names)},
    st.sets(st.sampled_from(["hidden", "camera_paused", "no_socket"])),
)
_answers = st.builds(
    lambda request, outcome: {"kind": "answer", "request": request, "outcome": outcome},
    st.integers(0, 3),
    st.sampled_from(["done", "declined", "failed"]),
)

#: Items of a page; an answer's request is a number until its page is known.
items = st.one_of(_fixes, _chat, _permissions, _media, _conditions, _answers)
