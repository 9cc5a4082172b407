"""Naming a phone from its User-Agent: enough for a dispatcher to say "on your iPhone, tap …"."""

from __future__ import annotations

import re

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
# In-app browsers first: their User-Agent names Safari or Chrome too.
_BROWSERS = (
    (r"FBAN|FBAV|FB_IAB", "inside Facebook"),
    (r"Instagram", "inside Instagram"),
    (r"WhatsApp", "inside WhatsApp"),
    (r"SamsungBrowser", "Samsung Internet"),
    (r"EdgA?|EdgiOS", "Edge"),
    (r"FxiOS|Firefox", "Firefox"),
    (r"OPR|Opera", "Opera"),
    (r"CriOS|Chrome", "Chrome"),
    (r"; wv\)", "inside an app"),
    (r"Safari", "Safari"),
)


def name(user_agent: str) -> str:
    """Such as "iPhone, Safari"; "Unknown phone" where nothing is recognised."""
    system = next((said for mark, said in _SYSTEMS if mark in user_agent), "")
    browser = next((said for mark, said in _BROWSERS if re.search(mark, user_agent)), "")
    return ", ".join(part for part in (system, browser) if part) or "Unknown phone"
