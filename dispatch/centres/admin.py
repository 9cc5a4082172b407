"""The admin's pages for centres, their staff, and the operator's list of accounts."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import admin as _registers_addresses  # noqa: F401
from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth import admin as _registers_groups  # noqa: F401
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action

from dispatch.centres import admin_records as _registers_records  # noqa: F401
from dispatch.centres import log, services
from dispatch.centres.admin_access import (
    OfChosenCentre,
    OperatorOnly,
    choosing,
    chosen,
    is_operator,
)
from dispatch.centres.forms import CentreForm, MemberForm, NewMemberForm, NewUserForm, UserForm
from dispatch.centres.models import Centre, Membership, User
from dispatch.centres.permissions import Action

# Rights follow from roles in centres, not from groups, and an account has one address. The
# imports above made sure that both pages are there to be taken away.
admin.site.unregister([Group, EmailAddress])


def show_password(
    request: HttpRequest, model_admin: ModelAdmin, *, person: User, password: str
) -> HttpResponse:
    """The one answer that holds a password; it is kept nowhere."""
    opts = model_admin.opts
    response = render(
        request,
        "admin/centres/password.html",
        {
            **model_admin.admin_site.each_context(request),
            "title": "First password" if person.last_login is None else "New password",
            "person": person,
            "password": password,
            "back": reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
        },
    )
    response["Cache-Control"] = "no-store, private"
    return response


def confirm_password(request: HttpRequest, model_admin: ModelAdmin, person: User) -> HttpResponse:
    """Ask before a password is replaced, for the old one stops working at once."""
    return render(
        request,
        "admin/centres/password_confirm.html",
        {
            **model_admin.admin_site.each_context(request),
            "title": "New password",
            "person": person,
        },
    )


@admin.register(Centre)
class CentreAdmin(OfChosenCentre, ModelAdmin):  # type: ignore[misc]
    """A centre's own settings; the operator also makes new centres."""

    reads, writes = Action.SETTINGS_READ, Action.SETTINGS_MANAGE
    form = CentreForm
    list_display = ("name", "slug", "country", "language", "choose")
    search_fields = ("name", "slug")
    ordering = ("name",)
    list_per_page = 50
    fieldsets = (
        ("What callers see", {"fields": ("name", "slug", "language", "languages")}),
        ("For dispatchers", {"fields": ("country", "latitude", "longitude")}),
    )

    @admin.display(description="Calls and staff")
    def choose(self, centre: Centre) -> str:
        return format_html('<a href="{}">Open</a>', choosing(centre))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Centre]:
        centres = cast("QuerySet[Centre]", super().get_queryset(request))
        if is_operator(request.user):
            return centres
        centre = chosen(request)
        return centres.filter(pk=centre.pk) if centre else centres.none()

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        return () if is_operator(request.user) else ("slug",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_operator(request.user) or super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_operator(request.user) or super().has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_operator(request.user) or super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Centre, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # Another centre's settings, changed by the operator, are in that one's log all the same.
        if change and chosen(request) == obj:
            log.record(
                obj,
                "centre.changed",
                actor=cast(User, request.user),
                data={"detail": ", ".join(sorted(form.changed_data))},
            )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_operator(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_operator(request.user)


@admin.register(Membership)
class StaffAdmin(OfChosenCentre, ModelAdmin):  # type: ignore[misc]
    """The staff of the chosen centre. An account outlives its work in a centre."""

    reads, writes = Action.STAFF_READ, Action.STAFF_MANAGE
    list_display = ("person", "address", "role", "last_seen")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")
    ordering = ("user__name",)
    actions = None  # removing people is done one by one
    actions_detail = ("new_password",)

    @admin.display(description="Name", ordering="user__name")
    def person(self, membership: Membership) -> str:
        return membership.user.name

    @admin.display(description="E-mail", ordering="user__email")
    def address(self, membership: Membership) -> str:
        return membership.user.email

    @admin.display(description="Last signed in", ordering="user__last_login", empty_value="never")
    def last_seen(self, membership: Membership) -> Any:
        return membership.user.last_login

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        staff = cast("QuerySet[Membership]", super().get_queryset(request))
        centre = chosen(request)
        return staff.filter(centre=centre) if centre else staff.none()

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = MemberForm if obj else NewMemberForm
        form = super().get_form(request, obj, change, **kwargs)
        form.operator = is_operator(request.user)
        return form

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("person", "address", "role", "last_seen") if obj else ("name", "email", "role")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        if obj is None:
            return ()
        own = cast(Membership, obj).user_id == request.user.pk
        return ("person", "address", "last_seen", *(("role",) if own else ()))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        own = isinstance(obj, Membership) and obj.user_id == request.user.pk
        return not own and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        if change:
            services.set_role(obj, obj.role, actor=cast(User, request.user))
            return
        centre = chosen(request)
        if centre is None:
            raise PermissionDenied
        data = form.cleaned_data
        person = services.find_person(data["email"])
        if person is None:
            person, request.first_password = services.create_person(  # type: ignore[attr-defined]
                email=data["email"], name=data["name"]
            )
        made = services.employ(
            user=person, centre=centre, role=data["role"], actor=cast(User, request.user)
        )
        obj.pk, obj.user, obj.centre = made.pk, made.user, made.centre

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        services.dismiss(obj, actor=cast(User, request.user))

    def response_add(
        self, request: HttpRequest, obj: Membership, post_url_continue: str | None = None
    ) -> HttpResponse:
        password = getattr(request, "first_password", None)
        if password is None:
            answer: HttpResponse = super().response_add(request, obj, post_url_continue)
            return answer
        return show_password(request, self, person=obj.user, password=password)

    @action(description="New password", url_path="password", icon="key", permissions=["change"])  # type: ignore[untyped-decorator]
    def new_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Replace a person's password: asked on GET, done on POST."""
        membership = self.get_object(request, object_id)
        centre = chosen(request)
        if membership is None or centre is None:
            return HttpResponseRedirect(reverse("admin:centres_membership_changelist"))
        person = membership.user
        if not is_operator(request.user) and not services.in_hand_of(person, centre):
            messages.error(
                request,
                f"{person.name} also works elsewhere. Only the operator can make a new password.",
            )
            return HttpResponseRedirect(
                reverse("admin:centres_membership_change", args=[membership.pk])
            )
        if request.method != "POST":
            return confirm_password(request, self, person)
        password = services.new_password(person, actor=cast(User, request.user))
        self.log_change(request, membership, "New password.")
        return show_password(request, self, person=person, password=password)


@admin.register(User)
class UserAdmin(OperatorOnly, ModelAdmin):  # type: ignore[misc]
    """Every account of the installation, for its operator."""

    list_display = ("name", "email", "works_in", "is_superuser", "is_active", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("name", "email")
    ordering = ("name",)
    readonly_fields = ("works_in", "last_login", "date_joined")
    list_per_page = 50
    actions = None
    actions_detail = ("new_password",)

    @admin.display(description="Works in")
    def works_in(self, user: User) -> str:
        return ", ".join(
            f"{membership.centre} ({membership.get_role_display()})"
            for membership in user.memberships.all()
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people = cast("QuerySet[User]", super().get_queryset(request))
        return people.prefetch_related("memberships__centre")

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = UserForm if obj else NewUserForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        new = ("name", "email", "is_superuser")
        return (*new, "is_active", *self.readonly_fields) if obj else new

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        if obj is None:
            return ()
        # Nobody shuts themselves out.
        own = ("is_superuser", "is_active") if obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *own)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # past calls name their people: switch the account off instead

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change:
            changed = set(form.changed_data)
            if "is_active" in changed:
                services.switch(obj, on=obj.is_active, actor=cast(User, request.user))
            if rest := changed - {"is_active"}:
                obj.save(update_fields=rest)
            services.settle_admin_flag(obj)
            return
        data = form.cleaned_data
        made, request.first_password = services.create_person(  # type: ignore[attr-defined]
            email=data["email"], name=data["name"], operator=data["is_superuser"]
        )
        obj.pk, obj.email = made.pk, made.email

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        password = request.first_password  # type: ignore[attr-defined]
        return show_password(request, self, person=obj, password=password)

    @action(description="New password", url_path="password", icon="key", permissions=["change"])  # type: ignore[untyped-decorator]
    def new_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Replace a person's password: asked on GET, done on POST."""
        person = self.get_object(request, object_id)
        if person is None:
            return HttpResponseRedirect(reverse("admin:centres_user_changelist"))
        if request.method != "POST":
            return confirm_password(request, self, person)
        password = services.new_password(person, actor=cast(User, request.user))
        self.log_change(request, person, "New password.")
        return show_password(request, self, person=person, password=password)
