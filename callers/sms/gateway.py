"""What every text provider can do, and the only road to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Literal, Protocol

from django.http import HttpRequest

from dispatch.feed.unit import forbid_inside_unit
from dispatch.outbox.deadline import Deadline

#: Name → "module:class". A new provider is a module and a line here.
PROVIDERS = {
    "demo": "callers.sms.demo:DemoProvider",
    "console": "callers.sms.console:ConsoleProvider",
}


class NotAccepted(Exception):
    """The provider surely did not take the text, so trying another way does no harm.

    `reason` is a sentence for the dispatcher.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Uncertain(Exception):
    """The request went out and no answer came: the text may be on its way, never send again.

    `reason` is a sentence for the dispatcher.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Sent:
    """The provider took the text. `delivered` where it knows at once that it arrived."""

    provider_id: str
    state: Literal["accepted", "delivered"] = "accepted"


@dataclass(frozen=True)
class DeliveryReport:
    """What became of a text, told later. `provider_id` is the one `send` returned."""

    provider_id: str
    state: Literal["accepted", "delivered", "failed"]
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Capabilities:
    """What a provider can do beyond taking a text."""

    #: It tells later whether a text arrived; else `delivered` is never reached.
    delivery_reports: bool = False
    #: It can drop a text that is too late to help.
    validity: bool = False


class Gateway(Protocol):
    """A text provider."""

    name: str
    capabilities: Capabilities

    def send(self, *, to: str, body: str, reference: str, deadline: Deadline) -> Sent:
        """Hand over one text; `to` is E.164, `reference` our id of it, to tell repeats apart.

        Nothing of it leaves after the deadline, for by then somebody else may have been asked
        to deal with the text. Raises NotAccepted, Uncertain, or deadline.Passed when it was too
        late and nothing left; and InsideUnit within a unit of work.
        """

    def verify_signature(self, request: HttpRequest) -> bool:
        """Whether a delivery report really comes from the provider; asked before reading it."""

    def parse_delivery(self, request: HttpRequest) -> list[DeliveryReport]:
        """The reports in a request; empty where there are none."""


class Provider(ABC):
    """Base of the providers: sends outside of units and in time, and takes no reports."""

    name: str
    capabilities = Capabilities()

    def send(self, *, to: str, body: str, reference: str, deadline: Deadline) -> Sent:
        forbid_inside_unit("sms.gateway.send")
        deadline.check()
        return self._send(to=to, body=body, reference=reference, deadline=deadline)

    @abstractmethod
    def _send(self, *, to: str, body: str, reference: str, deadline: Deadline) -> Sent:
        """As send; asks the deadline again after whatever takes time (sms.wire does)."""

    def verify_signature(self, request: HttpRequest) -> bool:
        return False

    def parse_delivery(self, request: HttpRequest) -> list[DeliveryReport]:
        return []


def get(name: str) -> Gateway:
    """The provider of this name. Raises NotAccepted for one that does not exist."""
    where = PROVIDERS.get(name)
    if where is None:
        known = ", ".join(sorted(PROVIDERS))
        raise NotAccepted(f"There is no text provider “{name}”. SMS_PROVIDER may be: {known}.")
    module, cls = where.split(":")
    gateway: Gateway = getattr(import_module(module), cls)()
    return gateway
