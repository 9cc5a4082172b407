from __future__ import annotations

from django.apps import AppConfig


class CrashConfig(AppConfig):
    name = "dispatch.tests.crash"
    label = "crash"

    def ready(self) -> None:
        from callers.sms import gateway

        gateway.PROVIDERS["counted"] = "dispatch.tests.crash.provider:CountedProvider"
