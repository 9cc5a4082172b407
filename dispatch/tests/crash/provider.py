"""A text provider over real HTTP, as one of a carrier would be."""

from __future__ import annotations

import json
import os

from callers.sms import wire
from callers.sms.gateway import NotAccepted, Provider, Sent, Uncertain
from dispatch.outbox.deadline import Deadline


class CountedProvider(Provider):
    """Posts to counter.Counter (COUNTED_URL), which counts what it accepts by our reference."""

    name = "counted"

    def _send(self, *, to: str, body: str, reference: str, deadline: Deadline) -> Sent:
        said = json.dumps({"to": to, "body": body, "reference": reference}).encode()
        answer = wire.post(
            os.environ["COUNTED_URL"],
            said,
            headers={"Content-Type": "application/json"},
            deadline=deadline,
            answer_within_s=3,
        )
        if answer.status >= 500:
            raise Uncertain("The text provider is in trouble.")
        if answer.status != 201:
            raise NotAccepted("The text provider refused the text.")
        return Sent(provider_id=json.loads(answer.body)["id"])
