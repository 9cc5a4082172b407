"""Messages encoded once."""

from __future__ import annotations

import msgspec
from websockets.frames import Frame, Opcode

from dispatch.feed.packets import Packet


def packet(*seqs: int) -> Packet:
    entries = [{"seq": seq, "kind": "k", "id": str(seq), "body": None} for seq in seqs]
    return Packet({"t": "entries", "entries": entries})


def test_a_socket_gets_what_is_above_its_own_head_and_nothing_twice() -> None:
    whole = packet(4, 5, 6)
    assert whole.after(3) is whole  # the same bytes for everyone
    assert whole.after(6) is None
    rest = whole.after(4)
    assert rest is not None
    assert [entry["seq"] for entry in rest.entries] == [5, 6]
    assert msgspec.json.decode(rest.encoded) == rest.message
    assert [entry["seq"] for entry in whole.entries] == [4, 5, 6]


def test_a_frame_is_what_the_library_would_send() -> None:
    for size in (1, 125, 126, 65_535, 65_536):
        made = Packet({"x": "é" * size})
        assert made.frame == Frame(Opcode.TEXT, made.text.encode()).serialize(mask=False)
        assert made.frame is made.frame
