"""Media nodes in the admin: the operator's alone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from dispatch.calls.models import MediaNode
from dispatch.centres.admin_access import OperatorOnly


class MediaNodeForm(forms.ModelForm):  # type: ignore[type-arg]
    """A LiveKit server; its secret stays in the environment."""

    class Meta:
        model = MediaNode
        fields = ("name", "region", "url", "api_url", "api_key", "state")
        help_texts = {
            "name": "For you: callers and dispatchers never see it.",
            "region": "Where it stands.",
            "state": "“Draining” keeps the calls it has and takes no new ones. “Off” is never "
            "used: with no other node, callers get no video; texts, position and chat go on.",
        }

    def clean_url(self) -> str:
        return self._address("url", ("wss://", "ws://"))

    def clean_api_url(self) -> str:
        return self._address("api_url", ("https://", "http://"))

    def _address(self, field: str, schemes: tuple[str, str]) -> str:
        address = str(self.cleaned_data[field]).strip().rstrip("/")
        if not address.startswith(schemes):
            raise forms.ValidationError(f"Start with {schemes[0]} (or {schemes[1]}).")
        return address

    def clean_api_key(self) -> str:
        key = str(self.cleaned_data["api_key"]).strip()
        if key not in settings.LIVEKIT_KEYS:
            raise forms.ValidationError(
                "No secret is known for this key. Add key:secret to LIVEKIT_KEYS in the "
                "environment of web and worker, and restart them."
            )
        return key


@admin.register(MediaNode)
class MediaNodeAdmin(OperatorOnly, ModelAdmin):  # type: ignore[misc]
    """The servers that carry sound and picture."""

    form = MediaNodeForm
    list_display = ("name", "region", "state", "up", "changed_at", "checked_at", "rooms")
    list_filter = ("state", "up")
    actions = None
    health = ("up", "changed_at", "checked_at", "rooms")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = ("name", "region", "url", "api_url", "api_key", "state")
        return (*fields, *self.health) if obj else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.health if obj else ()

    def save_model(self, request: HttpRequest, obj: MediaNode, form: Any, change: bool) -> None:
        # Only what was typed: health is written by the reconciler meanwhile.
        obj.save(update_fields=form.changed_data if change else None)
