"""Take the sentences of callers/words.py to the catalogues and to the script's types.

Usage: python -m scripts.messages [--check] [LANGUAGE…]   (a language named is begun anew)

The English sentence is the key of a catalogue. One that has changed is handed to translators
again; one that is gone is forgotten.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from django.utils.translation import to_language, to_locale

from callers import catalogue, words

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "callers" / "words.py"
ENGLISH = ROOT / "static" / "src" / "caller" / "english.ts"


def template() -> Catalog:
    """All sentences with the notes for translators, in the order of the source."""
    found = Catalog(project="Sightline", charset="utf-8")
    for _line, message, notes, _context in extract_from_file(
        "python",
        SOURCE,
        keywords={"_": None},
        comment_tags=("Translators:",),
        strip_comment_tags=True,
    ):
        found.add(str(message), auto_comments=notes)
    missed = set(words.ENGLISH.values()) - {entry.id for entry in found}
    if missed:
        raise SystemExit(f"Not marked with _() in callers/words.py: {sorted(missed)}")
    return found


def updated(file: Path) -> str:
    """What a catalogue should look like now."""
    with file.open("rb") as opened:
        catalog = read_po(opened, locale=file.parts[-3])
    catalog.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    return as_text(catalog)


def begun(language: str) -> str:
    """A catalogue in which everything is still to be translated."""
    catalog = template()
    catalog.locale = Locale.parse(to_locale(language))
    catalog.fuzzy = False
    return as_text(catalog)


def as_text(catalog: Catalog) -> str:
    """A catalogue as it is kept: nothing in it that changes by itself."""
    catalog.header_comment = ""
    written = io.BytesIO()
    write_po(written, catalog, width=100, omit_header=True, no_location=True)
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalog.locale}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    return header + written.getvalue().decode().strip() + "\n"


def english() -> str:
    """The keys as a TypeScript type; the sentences are for the script's tests."""
    said = words.SCRIPT | words.LATER | words.PAGE
    return (
        "// Made from callers/words.py by `make messages`. Do not edit.\n"
        "// The page brings its own sentences: outside of tests only the keys' type is used.\n\n"
        f"export const english = {json.dumps(said, ensure_ascii=False, indent=2)};\n\n"
        "export type Key = keyof typeof english;\n"
    )


def main() -> int:
    arguments = sys.argv[1:]
    check = "--check" in arguments
    for language in (argument for argument in arguments if argument != "--check"):
        file = catalogue.po_file(language)
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text(begun(language))
    files = sorted(catalogue.LOCALE.glob("*/LC_MESSAGES/django.po"))
    wanted = {ENGLISH: english()} | {file: updated(file) for file in files}
    old = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if check:
        said = [f"{path.relative_to(ROOT)} is out of date. Run `make messages`." for path in old]
    else:
        for path in old:
            path.write_text(wanted[path])
        said = []
    for file in files:
        said += catalogue.flaws(to_language(file.parts[-3]))
    print("\n".join(said) or "All catalogues are complete.")
    # A sentence that waits for its translator stops a test, not the one who has written it.
    return 1 if check and said else 0


if __name__ == "__main__":
    sys.exit(main())
