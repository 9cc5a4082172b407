"""The basemap's geometry, and the way budgets count a build."""

from __future__ import annotations

import json
import random
from pathlib import Path

from scripts.sightline.basemap import Topology
from scripts.sightline.sizes import Build

# Two unit squares side by side: arc 0 is their common edge, 1 and 2 are the coasts.
SQUARES = {
    "transform": {"scale": [1, 1], "translate": [10, 50]},
    "arcs": [
        [[1, 0], [0, 1]],
        [[1, 1], [-1, 0], [0, -1], [1, 0]],
        [[1, 1], [1, 0], [0, -1], [-1, 0]],
    ],
    "objects": {
        "countries": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Polygon", "arcs": [[0, 1]]},
                {"type": "MultiPolygon", "arcs": [[[-1, -3]]]},
            ],
        },
        "land": {"type": "Polygon", "arcs": [[2, -2]]},
    },
}


def test_a_border_is_what_two_countries_share() -> None:
    (border,) = Topology(SQUARES).borders()
    assert border["geometry"]["coordinates"] == [(11, 50), (11, 51)]


def test_rings_are_joined_and_closed() -> None:
    (land,) = Topology(SQUARES).land()
    (ring,) = land["geometry"]["coordinates"]
    assert ring[0] == ring[-1]
    assert set(ring) == {(10, 50), (11, 50), (12, 50), (10, 51), (11, 51), (12, 51)}


def test_budgets_count_imports_once_and_the_worker(tmp_path: Path) -> None:
    noise = random.Random(1)
    for name in ("main.js", "shared.js", "later.js", "worker.mjs", "main.css", "logo.png"):
        (tmp_path / name).write_bytes(noise.randbytes(1000))
    manifest = {
        "m": {"file": "main.js", "css": ["main.css"], "imports": ["s"], "dynamicImports": ["l"]},
        "s": {"file": "shared.js"},
        "l": {"file": "later.js", "imports": ["s"], "assets": ["worker.mjs", "logo.png"]},
    }
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    build = Build(tmp_path)
    assert build.files("m", later=False) == {"main.js", "main.css", "shared.js"}
    everything = build.files("m", later=True)
    assert everything == {"main.js", "main.css", "shared.js", "later.js", "worker.mjs"}
    assert 5000 <= build.weigh(everything) <= 5100
