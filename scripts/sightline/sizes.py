"""Size budgets: what a phone on a poor network has to fetch, and a console on a good one.

Runs inside Django's settings with a migrated database: the caller page is rendered as it
is served. Figures are bytes after brotli, as WhiteNoise has it for the built files.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KB = 1024
CALLER, CONSOLE = "src/caller/main.ts", "src/console/main.tsx"
FIRST_SCRIPT, FIRST_PICTURE, WHOLE_CONSOLE = 14 * KB, 165 * KB, 600 * KB
CODE = {".js", ".mjs", ".css", ".wasm"}


class Build:
    """What Vite made, by its manifest."""

    def __init__(self, dist: Path) -> None:
        self._dist = dist
        self._manifest: dict[str, dict[str, Any]] = json.loads(
            (dist / ".vite" / "manifest.json").read_text()
        )

    def files(self, entry: str, *, later: bool) -> set[str]:
        """The entry with everything it imports; with `later`, also what it fetches on demand."""
        found: set[str] = set()
        for key in self._chunks(entry, later=later, seen=set()):
            chunk = self._manifest[key]
            found |= {chunk["file"], *chunk.get("css", ())}
            if later:  # workers come as plain files
                found |= {name for name in chunk.get("assets", ()) if Path(name).suffix in CODE}
        return found

    def weigh(self, files: set[str]) -> int:
        return sum(squeezed((self._dist / name).read_bytes()) for name in files)

    def _chunks(self, key: str, *, later: bool, seen: set[str]) -> Iterator[str]:
        if key in seen:
            return
        seen.add(key)
        yield key
        chunk = self._manifest[key]
        for other in (*chunk.get("imports", ()), *(chunk.get("dynamicImports", ()) * later)):
            yield from self._chunks(other, later=later, seen=seen)


def squeezed(content: bytes) -> int:
    import brotli

    return len(brotli.compress(content, quality=11))


def heaviest_page(path: str) -> int:
    """The page's size in the language that takes most."""
    import django

    django.setup()
    from callers import catalogue

    return max(squeezed(page(path, language)) for language in catalogue.languages())


def page(path: str, language: str) -> bytes:
    from django.conf import settings
    from django.test import Client

    host = settings.PUBLIC_ORIGIN.split("//")[1].split(":")[0]
    response = Client(headers={"host": host, "accept-language": language}).get(path)
    if response.status_code != 200:
        raise SystemExit(f"GET {path} answered {response.status_code}, not 200")
    return bytes(response.content)


def main() -> int:
    build = Build(Path(sys.argv[1]))
    html = heaviest_page("/demo")
    caller = html + build.weigh(build.files(CALLER, later=False))
    picture = html + build.weigh(build.files(CALLER, later=True))
    console = build.weigh(build.files(CONSOLE, later=True))
    budgets = (
        ("caller: page, styles and first script", caller, FIRST_SCRIPT),
        ("caller: everything until the first picture", picture, FIRST_PICTURE),
        ("console: everything with the map's worker", console, WHOLE_CONSOLE),
    )
    too_large = False
    for name, size, limit in budgets:
        too_large |= size > limit
        mark = "TOO LARGE" if size > limit else "ok"
        sys.stdout.write(f"{name:<44}{size / KB:7.1f} of {limit // KB} KB  {mark}\n")
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main())
