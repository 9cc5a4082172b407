/** How the map is drawn: our own few layers over our own tiles, in the colours of the theme. */
import type { FeatureCollection } from "geojson";
import type { StyleSpecification } from "maplibre-gl";

export interface MapColours {
  water: string;
  land: string;
  border: string;
  label: string;
  halo: string;
  dot: string;
  dotEdge: string;
  track: string;
}

export function colours(): MapColours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--map-${name}`).trim() || "#888888";
  return {
    water: of("water"),
    land: of("land"),
    border: of("border"),
    label: of("label"),
    halo: of("halo"),
    dot: of("dot"),
    dotEdge: of("dot-edge"),
    track: of("track"),
  };
}

/** Paint properties that follow the theme: [layer, property, colour]. */
export function paints(c: MapColours): [layer: string, property: string, value: string][] {
  return [
    ["background", "background-color", c.water],
    ["land", "fill-color", c.land],
    ["borders", "line-color", c.border],
    ["places", "text-color", c.label],
    ["places", "text-halo-color", c.halo],
    ["area", "fill-color", c.dot],
    ["edge", "line-color", c.dot],
    ["track", "line-color", c.track],
    ["dot", "circle-color", c.dot],
    ["dot", "circle-stroke-color", c.dotEdge],
  ];
}

const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

/**
 * `basemap` is the address of the PMTiles file, or null: dot, radius and track need no tiles.
 * No `glyphs`: labels are drawn with the fonts of this computer, nothing is fetched for them.
 */
export function style(c: MapColours, basemap: string | null): StyleSpecification {
  return {
    version: 8,
    sources: {
      ...(basemap && {
        world: { type: "vector", url: `pmtiles://${basemap}`, attribution: "Natural Earth · GeoNames" },
      }),
      // Little tolerance: the circle must stay one when the map is close.
      phone: { type: "geojson", data: NOTHING, tolerance: 0.02 },
    },
    layers: [
      { id: "background", type: "background", paint: { "background-color": basemap ? c.water : c.land } },
      ...(basemap ? world(c) : []),
      { id: "area", type: "fill", source: "phone", filter: ["==", ["get", "part"], "area"], paint: { "fill-color": c.dot, "fill-opacity": 0.16 } },
      {
        id: "edge",
        type: "line",
        source: "phone",
        filter: ["==", ["get", "part"], "area"],
        paint: { "line-color": c.dot, "line-width": 1.5, "line-opacity": 0.9 },
      },
      {
        id: "track",
        type: "line",
        source: "phone",
        filter: ["==", ["get", "part"], "track"],
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": c.track, "line-width": 2.5, "line-opacity": 0.85 },
      },
      {
        id: "dot",
        type: "circle",
        source: "phone",
        filter: ["==", ["get", "part"], "dot"],
        paint: { "circle-radius": 5, "circle-color": c.dot, "circle-stroke-width": 2, "circle-stroke-color": c.dotEdge },
      },
    ],
  };
}

function world(c: MapColours): StyleSpecification["layers"] {
  return [
    { id: "land", type: "fill", source: "world", "source-layer": "land", paint: { "fill-color": c.land } },
    {
      id: "borders",
      type: "line",
      source: "world",
      "source-layer": "borders",
      paint: { "line-color": c.border, "line-width": ["interpolate", ["linear"], ["zoom"], 2, 0.6, 8, 1.4] },
    },
    {
      id: "places",
      type: "symbol",
      source: "world",
      "source-layer": "places",
      layout: {
        "text-field": ["get", "name"],
        "text-font": ["sans-serif"],
        "text-size": ["interpolate", ["linear"], ["coalesce", ["get", "population"], 0], 5000, 11, 500000, 15],
        "text-padding": 6,
        // where two names do not fit, the bigger town stays
        "symbol-sort-key": ["-", 0, ["coalesce", ["get", "population"], 0]],
      },
      paint: { "text-color": c.label, "text-halo-color": c.halo, "text-halo-width": 1.4 },
    },
  ];
}
