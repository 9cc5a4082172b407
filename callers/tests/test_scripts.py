"""The page's first lines: written into it, and one piece."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from callers import scripts
from dispatch.tests import factories

FIRST = "src/caller/first.ts"


@pytest.fixture
def built(tmp_path: Path, settings: Any) -> Path:
    """A front end with one entry, to be spoilt."""
    (tmp_path / ".vite").mkdir()
    (tmp_path / "assets").mkdir()
    manifest = tmp_path / ".vite" / "manifest.json"
    settings.DJANGO_VITE = {"default": {"manifest_path": manifest}}
    scripts.inline.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    scripts.inline.cache_clear()


def build(root: Path, code: str, **more: object) -> None:
    (root / "assets/first.js").write_text(code)
    entry = {"file": "assets/first.js", **more}
    (root / ".vite/manifest.json").write_text(json.dumps({FIRST: entry}))


def test_the_page_asks_for_its_session_before_any_script_has_come() -> None:
    centre = factories.centre()
    html = Client(HTTP_HOST="localhost").get(f"/{centre.slug}").content.decode()
    first = html.index("window.sightline=")
    assert first < html.index("<style>") < html.index('src="/static/assets/main-')
    assert re.search(r"""fetch\(["'`]/s/["'`]""", html[:first])
    preloads = re.findall(r'rel="modulepreload" href="([^"]+)"( fetchpriority="low")?', html)
    late = [url for url, low in preloads if low]
    assert any("/media-" in url for url in late)
    assert any("/livekit-client" in url for url in late)


def test_an_entry_that_stands_alone_is_taken_whole(built: Path) -> None:
    build(built, "let a=1;\n")
    assert scripts.inline(FIRST) == "let a=1;"


@pytest.mark.parametrize(
    ("code", "more", "said"),
    [
        ("import './x.js'", {"imports": ["x"]}, "stand alone"),
        ("import('./x.js')", {"dynamicImports": ["x"]}, "stand alone"),
        ("let a='</SCRIPT>'", {}, "end the element"),
        ("let a='<!--'", {}, "end the element"),
    ],
)
def test_what_cannot_stand_in_a_page_is_refused(
    built: Path, code: str, more: dict[str, object], said: str
) -> None:
    build(built, code, **more)
    with pytest.raises(ImproperlyConfigured, match=said):
        scripts.inline(FIRST)


def test_a_front_end_that_was_not_built_is_named(built: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"first\.ts is not built"):
        scripts.inline(FIRST)
