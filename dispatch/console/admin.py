"""Call history in the admin: to be read, never changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from dispatch.calls import cards
from dispatch.calls.models import Call
from dispatch.centres.admin_access import ReadOnly, chosen
from dispatch.centres.permissions import Action
from dispatch.console import history
from dispatch.errors import NotFound


@admin.register(Call)
class CallHistoryAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """What happened, call by call. Filters name no people, so none of another centre's."""

    reads = Action.HISTORY_READ
    list_display = ("number_shown", "stage", "owner_name", "opened_at", "closed_at", "state")
    list_filter = ("state", "is_test", "opened_at")
    search_fields = ("number",)
    ordering = ("-opened_at",)
    list_per_page = 50
    actions = None
    fields = (
        "number_shown",
        "stage",
        "owner_name",
        "language",
        "state",
        "opened_at",
        "closed_at",
        "close_reason",
        "is_test",
    )
    change_form_outer_after_template = "admin/calls/call/record.html"

    @admin.display(description="Number", ordering="number")
    def number_shown(self, call: Call) -> str:
        return cards.display(call.number)

    @admin.display(description="Came to")
    def stage(self, call: Call) -> str:
        return history.stage_reached(call)

    @admin.display(description="Owner", ordering="owner__name")
    def owner_name(self, call: Call) -> str:
        return call.owner.name

    def get_queryset(self, request: HttpRequest) -> Any:
        # The scope narrows this to the chosen centre; without one there is none to read.
        return history.calls() if chosen(request) else Call.objects.none()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = dict(extra_context or {})
        try:
            context["record"] = history.record(UUID(object_id))
        except (NotFound, ValueError):
            pass  # Django answers an id it cannot find in the queryset by itself
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer
