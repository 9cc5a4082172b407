from __future__ import annotations

from django.apps import AppConfig


class CentresConfig(AppConfig):
    name = "dispatch.centres"
    label = "centres"
