"""Texts for trying Sightline without a provider: they appear on a phone-shaped page."""

from __future__ import annotations

import uuid

from django.conf import settings

from callers.models import DemoText, TextMessage
from callers.sms.gateway import Capabilities, NotAccepted, Provider, Sent
from dispatch.centres.access import system_scope
from dispatch.outbox.deadline import Deadline


class DemoProvider(Provider):
    """Puts texts on the demo phone. Its table is the only place where a link stands in clear."""

    name = "demo"
    capabilities = Capabilities(delivery_reports=True)

    def _send(self, *, to: str, body: str, reference: str, deadline: Deadline) -> Sent:
        if not settings.DEVELOPMENT:
            raise NotAccepted("The demo provider works in development only. Set SMS_PROVIDER.")
        with system_scope("demo.phone"):
            text = (
                TextMessage.objects.filter(pk=uuid.UUID(reference)).select_related("centre").first()
            )
        if text is None:
            raise NotAccepted("This text is not known here.")
        deadline.check()
        # Sending twice under one reference leaves one text, as with a real provider.
        demo, _ = DemoText.objects.update_or_create(
            text_id=text.pk,
            defaults={
                "centre": text.centre,
                "number": to,
                "sender": text.centre.name,
                "body": body,
                "link": link_in(body),
            },
        )
        # It is on the "phone" the moment it is written.
        return Sent(provider_id=f"demo-{demo.pk}", state="delivered")


def link_in(body: str) -> str:
    """The link of a text: its last word, where that is an address."""
    last = body.rsplit(maxsplit=1)[-1] if body.strip() else ""
    return last if last.startswith(("https://", "http://")) else ""
