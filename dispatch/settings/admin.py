"""How the admin (Unfold) looks, and what stands in its menu."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

_ACCESS = "dispatch.centres.admin_access"


def _item(title: str, icon: str, page: str, permission: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{page}_changelist"),
        "permission": f"{_ACCESS}.{permission}",
    }


def _style(_request: HttpRequest) -> str:
    return static("admin.css")


UNFOLD = {
    "SITE_TITLE": "Sightline",
    "SITE_HEADER": "Sightline",
    # Second line: the centre whose data this is. The menu under it changes the centre.
    "SITE_SUBHEADER": f"{_ACCESS}.chosen_name",
    "SITE_DROPDOWN": f"{_ACCESS}.centre_menu",
    "SITE_URL": "/console/",
    "STYLES": [_style],
    "SITE_SYMBOL": "visibility",
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": True,
    "ACCOUNT": {
        "navigation": [
            {"title": "Change password", "link": reverse_lazy("account_change_password")}
        ]
    },
    "SIDEBAR": {
        "navigation": [
            {
                "items": [
                    _item("Call history", "history", "calls_call", "reads_calls"),
                    _item("Staff", "badge", "centres_membership", "reads_staff"),
                    _item("Staff log", "list_alt", "centres_staffevent", "reads_log"),
                    _item("Operator's looks", "key", "centres_grant", "sees_grants"),
                    _item("Centre", "tune", "centres_centre", "reads_settings"),
                ]
            },
            {
                "title": "This installation",
                "items": [
                    _item("Centres", "apartment", "centres_centre", "operates"),
                    _item("Accounts", "group", "centres_user", "operates"),
                    _item("Media nodes", "dns", "calls_medianode", "operates"),
                ],
            },
        ]
    },
    # Grey is the chrome, as on the other surfaces; colour is kept for state.
    "COLORS": {
        "primary": {
            "50": "#f4f5f6",
            "100": "#e4e6e9",
            "200": "#cdd0d5",
            "300": "#b7bbc3",
            "400": "#9297a1",
            "500": "#747a84",
            "600": "#3f444c",
            "700": "#2d3035",
            "800": "#25272c",
            "900": "#17181b",
            "950": "#0e0f11",
        }
    },
}
