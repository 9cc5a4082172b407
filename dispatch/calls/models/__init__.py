"""Tables of the call."""

from .call import Call
from .chat import ChatMessage
from .event import CallEvent
from .media import MediaNode, Participant, Room, WebhookReceipt
from .request import CallerRequest
from .stage import Stage, StageMark

__all__ = [
    "Call",
    "CallEvent",
    "CallerRequest",
    "ChatMessage",
    "MediaNode",
    "Participant",
    "Room",
    "Stage",
    "StageMark",
    "WebhookReceipt",
]
