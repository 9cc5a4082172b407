"""Languages a centre can offer its callers."""

from __future__ import annotations

from django.conf.locale import LANG_INFO

#: Often met by dispatch centres; Django's own names are used for all of them.
_OFFERED = (
    *("ar", "bn", "de", "el", "en", "es", "fa", "fr", "he", "hi", "it", "ja", "ko", "nl"),
    *("pl", "pt", "pt-br", "ro", "ru", "sw", "tr", "uk", "ur", "vi", "zh-hans", "zh-hant"),
)


def name_of(code: str) -> str:
    """A language's own name, such as “español”; the code itself where none is known."""
    return str(LANG_INFO.get(code.lower(), {}).get("name_local", code))


def choices() -> list[tuple[str, str]]:
    """Codes with their English and own names, for forms."""
    listed = []
    for code in _OFFERED:
        own, english = LANG_INFO[code]["name_local"], LANG_INFO[code]["name"]
        listed.append((code, english if own == english else f"{english} · {own}"))
    return sorted(listed, key=lambda pair: pair[1])
