"""Tables of the public surface."""

from .applied import AppliedItem
from .fix import Fix, LastPosition
from .link import Link
from .session import CallerSession
from .text import DemoText, TextMessage

__all__ = ["AppliedItem", "CallerSession", "DemoText", "Fix", "LastPosition", "Link", "TextMessage"]
