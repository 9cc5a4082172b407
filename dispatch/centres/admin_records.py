"""The admin's pages for the staff log and the operator's looks into calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from dispatch.centres import grants, log
from dispatch.centres.admin_access import OfChosenCentre, ReadOnly, chosen, standing
from dispatch.centres.models import Grant, StaffEvent, User
from dispatch.centres.permissions import Action


@admin.register(StaffEvent)
class StaffLogAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """What happened to the staff of the chosen centre, newest first."""

    reads = Action.LOG_READ
    list_display = ("at", "what", "subject_name", "actor_name")
    list_filter = ("kind", "at")
    search_fields = ("subject_name", "actor_name")
    ordering = ("-at", "-id")
    list_per_page = 50
    actions = None
    fields = ("at", "what", "subject_name", "actor_name")

    @admin.display(description="What")
    def what(self, event: StaffEvent) -> str:
        return log.sentence(event)

    def get_queryset(self, request: HttpRequest) -> Any:
        # The scope narrows this to the chosen centre; without one there is none to read.
        return StaffEvent.objects.all() if chosen(request) else StaffEvent.objects.none()


class GrantForm(forms.ModelForm):  # type: ignore[type-arg]
    """Taking a look: why, and for how long."""

    hours = forms.TypedChoiceField(
        choices=[(1, "1 hour"), (4, "4 hours"), (12, "12 hours")],
        coerce=int,
        widget=UnfoldAdminSelectWidget,
        label="For",
        help_text="It ends by itself. You see calls, and can do nothing in them.",
    )

    class Meta:
        model = Grant
        fields = ("reason",)
        widgets = {"reason": UnfoldAdminTextInputWidget}

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"]).strip()
        if len(reason) < grants.SHORTEST_REASON:
            raise forms.ValidationError("Say why, in a few words. The centre reads it.")
        return reason


@admin.register(Grant)
class GrantAdmin(OfChosenCentre, ModelAdmin):  # type: ignore[misc]
    """When the operator looked into the chosen centre's calls; ended here before its time."""

    reads, writes = Action.GRANTS_END, Action.GRANTS_TAKE
    form = GrantForm
    list_display = ("user", "reason", "begins_at", "until", "holds")
    list_select_related = ("user",)
    ordering = ("-begins_at",)
    actions = None
    actions_detail = ("end",)

    @admin.display(description="Until")
    def until(self, grant: Grant) -> Any:
        return grant.ended_at or grant.ends_at

    @admin.display(description="Holds now", boolean=True)
    def holds(self, grant: Grant) -> bool:
        return grant.ended_at is None and grant.begins_at <= timezone.now() < grant.ends_at

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        found = cast("QuerySet[Grant]", super().get_queryset(request))
        centre = chosen(request)
        return found.filter(centre=centre) if centre else found.none()

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("user", "reason", "begins_at", "until", "holds") if obj else ("reason", "hours")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: bool) -> None:
        centre = chosen(request)
        assert centre is not None  # noqa: S101 (the permissions ask for it)
        made = grants.take(
            operator=cast(User, request.user),
            centre=centre,
            reason=form.cleaned_data["reason"],
            lasts=timedelta(hours=form.cleaned_data["hours"]),
        )
        obj.pk, obj.user, obj.centre = made.pk, made.user, made.centre
        obj.begins_at, obj.ends_at = made.begins_at, made.ends_at

    def has_end_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return standing(request).may(Action.GRANTS_END)

    @action(description="End now", url_path="end", icon="block", permissions=["end"])  # type: ignore[untyped-decorator]
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End the look: asked on GET, done on POST."""
        grant = self.get_object(request, object_id)
        back = HttpResponseRedirect(reverse("admin:centres_grant_changelist"))
        if grant is None:
            return back
        if request.method != "POST":
            context = self.admin_site.each_context(request)
            return render(
                request, "admin/centres/grant_end.html", {**context, "title": "End", "grant": grant}
            )
        if grants.end(grant, user=cast(User, request.user)):
            messages.success(request, "Ended. What is open closes within seconds.")
        else:
            messages.info(request, "It had ended already.")
        return back
