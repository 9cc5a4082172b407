"""Languages a centre can offer its callers."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf.locale import LANG_INFO

#: Often met by dispatch centres; Django's own names are used for all of them.
_LISTED = (
    *("ar", "bn", "de", "el", "en", "es", "fa", "fr", "he", "hi", "it", "ja", "ko", "nl"),
    *("pl", "pt", "pt-br", "ro", "ru", "sw", "tr", "uk", "ur", "vi", "zh-hans", "zh-hant"),
)
#: As phones write them, where Django's name has signs that everyday writing leaves out.
_OWN_NAMES = {"ar": "العربية"}
#: Those in which text and page are complete, as the caller's side has said.
_COMPLETE: list[str] = ["en"]


def complete(codes: Iterable[str]) -> None:
    """Say which languages the caller's text and page have."""
    _COMPLETE[:] = codes


def offered(codes: Iterable[str]) -> list[str]:
    """Of a centre's languages those that its callers can really get, in the same order."""
    return [code for code in codes if code.lower() in _COMPLETE]


def name_of(code: str) -> str:
    """A language's own name, such as “español”; the code itself where none is known."""
    known = LANG_INFO.get(code.lower(), {})
    return _OWN_NAMES.get(code.lower()) or str(known.get("name_local", code))


def is_rtl(code: str) -> bool:
    """Whether the language is written from right to left."""
    return bool(LANG_INFO.get(code.lower(), {}).get("bidi", False))


def choices() -> list[tuple[str, str]]:
    """Codes with their English and own names, for forms."""
    listed = []
    for code in sorted({*_LISTED, *_COMPLETE}):
        own = name_of(code)
        english = str(LANG_INFO.get(code, {}).get("name", code))
        label = english if own == english else f"{english} · {own}"
        listed.append((code, label if code in _COMPLETE else f"{label} (not translated yet)"))
    return sorted(listed, key=lambda pair: pair[1])
