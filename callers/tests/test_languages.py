"""Languages of the caller's side: the catalogues, which one a page gets, and the text message."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from callers import catalogue, words
from dispatch.centres.models import Centre
from dispatch.tests import factories
from scripts import messages

BROWSER = Path(settings.BASE_DIR) / "static" / "src" / "caller"
LINK = "https://sightline.example/newhaven#0123456789abcdefABCDEF"
#: What is called the same in every language.
NAMES = {"JavaScript", "Safari", "Chrome", "English", "Español"}
SAID_BY = ("data-say", "data-say-label", "data-say-hint")


class Read(HTMLParser):
    """Everything a person could see or hear of a page, and what its elements say they say."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.text: list[str] = []
        self.keys: dict[str, set[str]] = {}
        self.options: list[dict[str, str | None]] = []
        self.root: dict[str, str | None] = {}
        self._silent = 0
        self._open: list[tuple[str, str | None]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._silent += tag in ("script", "style")
        if tag == "html":
            self.root = found
        if "data-words" in found:
            self.options.append(found)
        for name, said in (("data-say-label", "aria-label"), ("data-say-hint", "placeholder")):
            if key := found.get(name):
                self.keys.setdefault(key, set()).add(str(found[said]))
        self._open.append((tag, found.get("data-say")))
        spoken = ("aria-label", "aria-description", "placeholder", "title", "alt")
        self.text += [str(found[name]) for name in spoken if found.get(name)]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")
        while self._open and self._open.pop()[0] != tag:
            pass  # an element without an end

    def handle_data(self, data: str) -> None:
        if self._silent or not data.strip():
            return
        self.text.append(data)
        if self._open and (key := self._open[-1][1]):
            self.keys.setdefault(key, set()).add(data)


@pytest.fixture
def centre() -> Centre:
    return factories.centre(name="Leitstelle", languages=["en", "es", "ar"])


def get(centre: Centre, accept: str = "") -> tuple[Read, bytes]:
    answer = Client(HTTP_HOST="localhost").get(
        f"/{centre.slug}", headers={"accept-language": accept}
    )
    assert answer.status_code == 200
    assert answer["Vary"] == "Accept-Language"
    return Read(answer.content), answer.content


# The catalogues


def test_every_sentence_is_said_in_every_language() -> None:
    assert catalogue.languages() == ("en", "ar", "es")
    for language in ("ar", "es"):
        file = catalogue.po_file(language)
        assert catalogue.flaws(language) == []
        assert file.read_text() == messages.updated(file), "run `make messages`"
        said = catalogue.sentences(language)
        assert set(said) == set(words.ENGLISH)
        same = {key for key, sentence in said.items() if sentence == words.ENGLISH[key]}
        assert not same, f"still English in {language}: {same}"
    assert messages.ENGLISH.read_text() == messages.english(), "run `make messages`"


def test_a_catalogue_that_is_not_complete_is_found_out_and_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = catalogue.po_file("es").read_text()
    one = 'msgstr "Puede escribir a {centre}"'
    spoilt = {
        "fr": (whole.replace(one, 'msgstr ""'), "not translated"),
        "de": (whole.replace(one, 'msgstr "Puede escribir"'), "names in braces"),
        "it": (whole.replace("#, python-brace-format", "#, fuzzy, python-brace-format"), "fuzzy"),
    }
    monkeypatch.setattr(catalogue, "LOCALE", tmp_path)
    for language, (text, flaw) in spoilt.items():
        assert text != whole
        file = catalogue.po_file(language)
        file.parent.mkdir(parents=True)
        file.write_text(text)
        assert any(flaw in said for said in catalogue.flaws(language)), language
    catalogue.languages.cache_clear()
    try:
        assert catalogue.languages() == ("en",)
    finally:
        catalogue.languages.cache_clear()
    gone = whole + '\nmsgid "Nobody says this"\nmsgstr "Nadie lo dice"\n'
    file = catalogue.po_file("fr")
    file.write_text(gone)
    assert "Nobody says this" not in messages.updated(file)


def test_names_in_braces_are_the_centre_a_link_or_another_sentence() -> None:
    for key, sentence in words.ENGLISH.items():
        known = {"link"} if key in words.ELSEWHERE else {*words.SCRIPT}
        if key in words.LATER:  # what the page says at first can name nothing that comes later
            known |= {*words.LATER}
        assert set(re.findall(r"\{(\w+)\}", sentence)) <= known | {"centre"}, key
        assert "error" not in sentence.lower()


def test_the_script_uses_every_sentence_it_gets_and_writes_none_of_its_own() -> None:
    sources = [
        path
        for path in BROWSER.glob("*.ts")
        if path.name not in ("english.ts", "phone.ts") and not path.name.endswith(".test.ts")
    ]
    used: set[str] = set()
    for path in sources:
        code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text(), flags=re.DOTALL)
        literals = [m[2] for m in re.finditer(r"""(["'`])((?:(?!\1)[^\n])*)\1""", code)]
        used |= set(literals)
        sentences = [text for text in literals if re.match(r"[A-Z¡¿][\w\u2019']* \w", text)]
        assert not sentences, f"{path.name} writes sentences of its own: {sentences}"
    unused = {*words.SCRIPT, *words.LATER} - used - {"allow"}  # said within other sentences
    assert not unused, f"nobody says {unused}: take them out of callers/words.py"


# The page


@pytest.mark.parametrize("language", ["en", "es", "ar"])
def test_the_page_is_written_in_one_language(centre: Centre, language: str) -> None:
    page, source = get(centre, language)
    said = catalogue.sentences(language)
    assert page.root == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    for key, found in page.keys.items():
        before, _, after = said[key].partition("{allow}")
        assert found <= {said[key], before, after}, key
    unsaid = set(words.PAGE) - set(page.keys) - {"noScript"}
    assert not unsaid, f"no element says {unsaid}"
    assert said["noScript"] in page.text
    block = re.search(rb'<script id="words"[^>]*>(.*?)</script>', source)
    assert block
    assert json.loads(block[1]) == {key: said[key] for key in words.SCRIPT}
    assert b"<" not in block[1]


def test_an_arabic_page_holds_no_other_words(centre: Centre) -> None:
    page, _ = get(centre, "ar")
    latin = {word for text in page.text for word in re.findall(r"[A-Za-zÀ-ÿ]{2,}", text)}
    assert latin - NAMES == {centre.name}
    stray = [text for text in page.text if text == words.ENGLISH["start"]]
    assert not stray
    for key, sentence in catalogue.sentences("ar").items():
        bare = re.sub(r"\{\w+\}", "", sentence)
        assert not set(re.findall(r"[A-Za-z]{2,}", bare)) - NAMES, key


def test_nobodys_address_answers_in_the_browsers_language() -> None:
    answer = Client(HTTP_HOST="localhost").get("/nobody", headers={"accept-language": "ar-EG"})
    assert answer.status_code == 404
    assert Read(answer.content).root == {"lang": "ar", "dir": "rtl"}
    assert catalogue.sentences("ar")["unknownTitle"] in answer.content.decode()


@pytest.mark.parametrize(
    ("accept", "default", "language"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "en", "es"),
        ("de-DE,de;q=0.9,ar;q=0.5,en;q=0.2", "en", "ar"),  # the first of theirs that we have
        ("en-US,en;q=0.9,es;q=0.8", "es", "en"),
        ("ja", "es", "es"),
        ("", "ar", "ar"),
        ("*", "es", "es"),
        ("es;q=0,ja", "en", "en"),
        ("ja", "fr", "en"),  # the centre's own is not translated
        ("x" * 500 + ",\x00;q=z", "es", "es"),
    ],
)
def test_the_browser_is_asked_first_then_the_centre(
    accept: str, default: str, language: str
) -> None:
    page, _ = get(factories.centre(language=default), accept)
    assert page.root["lang"] == language


def test_every_other_language_is_one_tap_away(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, source = get(centre, "es")
    offered = {str(o["lang"]): o for o in page.options}
    assert {code: o["dir"] for code, o in offered.items()} == {
        "en": "ltr",
        "ar": "rtl",
        "es": "ltr",
    }
    assert [code for code, o in offered.items() if "hidden" in o] == ["es"]
    assert b"<select" not in source
    monkeypatch.setattr("callers.views.BUTTONS", 1)
    page, source = get(centre, "es")
    assert b"<select" in source
    assert [str(o["lang"]) for o in page.options if "selected" in o] == ["es"]


def test_the_words_of_a_language_can_be_kept_by_anyone(centre: Centre) -> None:
    page, _ = get(centre, "en")
    for option in page.options:
        stranger = Client(HTTP_HOST="localhost")
        answer = stranger.get(str(option["data-words"]))
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
        said = catalogue.sentences(str(option["lang"]))
        assert answer.json() == {key: said[key] for key in set(said) - set(words.ELSEWHERE)}
    url = reverse("caller-words", args=[centre.slug, "es"])
    older = Client(HTTP_HOST="localhost").get(f"{url}?v=00000000")
    assert (older.status_code, older["Cache-Control"]) == (200, "no-cache")
    assert Client(HTTP_HOST="localhost").get(url.replace("es", "xx")).status_code == 404
