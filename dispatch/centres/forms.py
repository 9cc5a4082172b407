"""Forms of the admin for centres and their staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.gis.geos import Point
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from dispatch.centres import languages, services
from dispatch.centres.models import Centre, Membership, User


class CentreForm(forms.ModelForm):  # type: ignore[type-arg]
    """A centre's settings. Its place is two numbers, so that no map server is asked."""

    languages = forms.MultipleChoiceField(
        choices=languages.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        required=False,
        label="Languages",
        help_text="Which languages dispatchers can pick for a caller's text and page. Those not "
        "translated yet are not shown to them; a caller whose browser asks for another language "
        "that is translated gets that one.",
    )
    language = forms.ChoiceField(
        choices=languages.choices,
        widget=UnfoldAdminSelectWidget,
        label="First language",
        help_text="The language a caller's text and page have unless the dispatcher picks another, "
        "or, for the page, the caller's browser asks for one. One that is not translated yet "
        "comes out in English.",
    )
    latitude = forms.FloatField(
        min_value=-90,
        max_value=90,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
        help_text="Degrees, north is positive. The console's map starts here.",
    )
    longitude = forms.FloatField(
        min_value=-180,
        max_value=180,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
        help_text="Degrees, east is positive. Callers never see this place.",
    )

    class Meta:
        model = Centre
        fields = ("slug", "name", "country", "languages", "language")
        help_texts = {
            "slug": "Part of the link in every text, so callers see it. Links already sent stop "
            "working when it changes. Letters, digits and hyphens.",
            "name": "Who the caller reads the text is from, and: “(name) can see you”.",
            "country": "Two letters, such as US. Numbers typed without a country code are read "
            "as this country's; a caller's text goes there.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.location:
            self.initial["latitude"] = self.instance.location.y
            self.initial["longitude"] = self.instance.location.x

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        latitude, longitude = cleaned.get("latitude"), cleaned.get("longitude")
        if (latitude is None) != (longitude is None) and not self.errors:
            missing = "latitude" if latitude is None else "longitude"
            self.add_error(missing, "Fill in both numbers, or neither.")
        elif not self.errors:
            # A point is (x, y): longitude first.
            self.instance.location = (
                Point(longitude, latitude, srid=4326)
                if latitude is not None and longitude is not None
                else None
            )
        first, offered = cleaned.get("language"), cleaned.get("languages")
        if first and offered is not None and first not in offered:
            cleaned["languages"] = [first, *offered]
        return cleaned


class NewMemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person who is to work in the chosen centre."""

    name = forms.CharField(
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
        help_text="Shown to colleagues and kept in the record of calls; callers see only the "
        "centre's name.",
    )
    email = forms.EmailField(
        label="E-mail",
        widget=UnfoldAdminEmailInputWidget,
        help_text="They sign in with it. Their first password is shown once, after saving.",
    )
    #: Set by the admin: an operator may let somebody with an account work here too.
    operator = False

    class Meta:
        model = Membership
        fields = ("name", "email", "role")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        found = services.find_person(email)
        if found and not self.operator:
            # Said whether or not the person works elsewhere; nothing more is told.
            raise forms.ValidationError(
                "This address already has an account. Ask the operator of this installation "
                "to add the person here."
            )
        return email


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person may do in this centre."""

    class Meta:
        model = Membership
        fields = ("role",)
        help_texts = {
            "role": "Dispatchers send links and see callers. Supervisors also hand over calls of "
            "others and see who works here. Centre administrators also change these settings and "
            "staff. Auditors read everything and act on nothing.",
        }


class NewUserForm(forms.ModelForm):  # type: ignore[type-arg]
    """An account made by the operator."""

    class Meta:
        model = User
        fields = ("name", "email", "is_superuser")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        if services.find_person(email):
            raise forms.ValidationError("This address already has an account.")
        return email


class UserForm(forms.ModelForm):  # type: ignore[type-arg]
    """An account as the operator sees it; passwords are never typed here."""

    class Meta:
        model = User
        fields = ("name", "email", "is_active", "is_superuser")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        found = services.find_person(email)
        if found and found.pk != self.instance.pk:
            raise forms.ValidationError("This address already has an account.")
        return email
