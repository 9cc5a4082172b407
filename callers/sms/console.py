"""Texts for looking at on a terminal."""

from __future__ import annotations

import secrets
import sys

from django.conf import settings

from callers.sms.gateway import NotAccepted, Provider, Sent
from dispatch.outbox.deadline import Deadline


class ConsoleProvider(Provider):
    """Prints texts on the standard output, with their links: never through logging.

    Outside development it does so on a terminal only. Anywhere else the output is likely
    kept in a file, where a link has no business, and no caller would ever get the text.
    """

    name = "console"

    def _send(self, *, to: str, body: str, reference: str, deadline: Deadline) -> Sent:
        stream = sys.stdout
        if not settings.DEVELOPMENT and not stream.isatty():
            raise NotAccepted(
                "Texts are printed, and there is no terminal to print on. "
                "Set SMS_PROVIDER to a provider that sends."
            )
        print(f"text to {to}: {body}", file=stream, flush=True)
        return Sent(provider_id=f"console-{secrets.token_hex(8)}")
