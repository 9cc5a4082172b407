"""What the API takes and gives, for reading requests and for the OpenAPI description."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

Empty = serializers.Serializer[Any]


class SendLinkRequest(serializers.Serializer[Any]):
    number = serializers.CharField(
        max_length=40,
        allow_blank=True,
        help_text="E.164, or the national format of the centre's country.",
    )
    language = serializers.CharField(
        max_length=12, required=False, help_text="Language of the text; the centre's by default."
    )
    command = serializers.UUIDField(
        required=False, help_text="The client's id of this order: one call, and one text."
    )
    new = serializers.BooleanField(
        default=False, help_text="Open another call although one is open with this number."
    )


class ChatRequest(serializers.Serializer[Any]):
    # The length is checked by calls.chat, which says it in its own words.
    text = serializers.CharField(allow_blank=True, trim_whitespace=False)
    command = serializers.UUIDField(help_text="The client's id of this message: it is sent once.")


class AskRequest(serializers.Serializer[Any]):
    what = serializers.ChoiceField(
        choices=["camera", "microphone", "flip", "mute"],
        help_text="The caller decides about all but mute, which the page does at once.",
    )
    command = serializers.UUIDField(help_text="The client's id of this request: it is asked once.")


class AskResponse(serializers.Serializer[Any]):
    request = serializers.JSONField(help_text="RequestItem of dispatch/console/protocol.py.")


class SeatRequest(serializers.Serializer[Any]):
    boot = serializers.RegexField(r"^[A-Za-z0-9_-]{8,40}$", help_text="Random id of a page load.")


class FirstFrameRequest(serializers.Serializer[Any]):
    identity = serializers.CharField(max_length=60)
    width = serializers.IntegerField(min_value=65, help_text="Wider than the placeholder's 64.")
    height = serializers.IntegerField(min_value=1)


class CallResponse(serializers.Serializer[Any]):
    call = serializers.JSONField(help_text="CallCard of dispatch/console/protocol.py.")


class CallListResponse(serializers.Serializer[Any]):
    results = serializers.ListField(child=serializers.JSONField())


class SentResponse(CallResponse):
    text = serializers.JSONField()


class ShownLinkResponse(serializers.Serializer[Any]):
    link = serializers.CharField(help_text="Whoever has it can join the call: never store it.")
    qr_svg = serializers.CharField(help_text="The link as a QR code, an <svg> element.")


class CallDetailResponse(CallResponse):
    texts = serializers.ListField(child=serializers.JSONField())
    links = serializers.ListField(child=serializers.JSONField())
    sessions = serializers.ListField(child=serializers.JSONField())
    events = serializers.ListField(child=serializers.JSONField())
    chat = serializers.ListField(child=serializers.JSONField())
    requests = serializers.ListField(child=serializers.JSONField())
    position = serializers.JSONField(allow_null=True)


class ChatResponse(serializers.Serializer[Any]):
    chat = serializers.JSONField()


class SeatResponse(serializers.Serializer[Any]):
    url = serializers.CharField()
    token = serializers.CharField()
    identity = serializers.CharField()
    generation = serializers.IntegerField()
    ice_servers = serializers.ListField(child=serializers.JSONField(), allow_null=True)


class TrackResponse(serializers.Serializer[Any]):
    fixes = serializers.ListField(child=serializers.JSONField())


class SnapshotResponse(serializers.Serializer[Any]):
    t = serializers.CharField()
    epoch = serializers.CharField()
    seq = serializers.IntegerField()
    now = serializers.CharField()
    items = serializers.ListField(child=serializers.JSONField())
    latest = serializers.ListField(child=serializers.JSONField())
