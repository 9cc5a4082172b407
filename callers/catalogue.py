"""The sentences of `callers.words` in every language that is complete.

The gettext catalogues are read as they are, so there is nothing to compile and nothing that can
be older than what the translator wrote.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation import to_language, to_locale
from django.utils.translation.trans_real import parse_accept_lang_header

from callers import words
from dispatch.centres.languages import is_rtl

LOCALE = Path(__file__).with_name("locale")
#: The language the sentences are written in; always complete.
SOURCE = "en"
_NAME = re.compile(r"\{(\w+)\}")


def po_file(language: str) -> Path:
    return LOCALE / to_locale(language) / "LC_MESSAGES" / "django.po"


@cache
def languages() -> tuple[str, ...]:
    """Codes of the languages in which every sentence is said, English first.

    A page half in one language and half in another would be worse than one in English.
    """
    found = sorted(to_language(path.parts[-3]) for path in LOCALE.glob("*/LC_MESSAGES/django.po"))
    return (SOURCE, *(code for code in found if code != SOURCE and not flaws(code)))


@cache
def sentences(language: str) -> Mapping[str, str]:
    """Key → sentence in a language of `languages()`. Raises KeyError for another."""
    if language not in languages():
        raise KeyError(language)
    if language == SOURCE:
        return words.ENGLISH
    with po_file(language).open("rb") as file:
        catalogue = read_po(file)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    say = GNUTranslations(compiled).gettext
    return {key: say(english) for key, english in words.ENGLISH.items()}


@cache
def for_page(language: str) -> bytes:
    """The JSON that a page fetches: what is said later, and all of it in another language."""
    said = sentences(language)
    return _json({key: said[key] for key in (*words.SCRIPT, *words.LATER, *words.PAGE)}).encode()


@cache
def for_script(language: str) -> str:
    """The JSON inside the page: what the script says, safe within a <script> element."""
    said = sentences(language)
    block = _json({key: said[key] for key in words.SCRIPT})
    return block.translate({ord(c): f"\\u{ord(c):04x}" for c in "<>&"})


@cache
def version(language: str) -> str:
    """A name for the content of `for_page`, so that it can be kept for as long as it is right."""
    return hashlib.sha256(for_page(language)).hexdigest()[:8]


def match(language: str) -> str | None:
    """The complete language for a code such as `es` or `es-MX`, or None."""
    code = language.lower().replace("_", "-")
    while code:
        if code in languages():
            return code
        code = code.rpartition("-")[0]
    return None


def negotiate(accept: str, default: str) -> str:
    """The language of a page before anybody has chosen: the browser's, else the centre's.

    `accept` is the header Accept-Language, `default` the centre's own language.
    """
    for code, quality in parse_accept_lang_header(accept):
        found = match(code)
        if found and quality:
            return found
    return match(default) or SOURCE


def of_call(*, call: str, centre: str) -> str:
    """The language of a call's text: the call's own, else the centre's, else English."""
    return match(call) or match(centre) or SOURCE


def chosen(*, call: str, centre: str) -> str | None:
    """The language the dispatcher has chosen for a call, where that is another than usual."""
    return match(call) if call != centre else None


def direction(language: str) -> str:
    """`rtl` or `ltr`, as in HTML."""
    return "rtl" if is_rtl(language) else "ltr"


def flaws(language: str) -> list[str]:
    """What is still wrong with a catalogue, in words for its translator."""
    with po_file(language).open("rb") as file:
        entries = {str(entry.id): entry for entry in read_po(file) if entry.id}
    found = []
    for sentence in dict.fromkeys(words.ENGLISH.values()):
        entry = entries.get(sentence)
        if entry is None or not entry.string:
            found.append(f"not translated: {sentence}")
        elif entry.fuzzy:
            found.append(f"still marked fuzzy: {sentence}")
        elif sorted(_NAME.findall(sentence)) != sorted(_NAME.findall(str(entry.string))):
            found.append(f"not the same names in braces: {sentence}")
    return [f"{language}: {flaw}" for flaw in found]


def _json(content: Mapping[str, str]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
