import { describe, expect, it } from "vitest";
import { frame, ring, unwrap } from "./geo";

/** Great-circle distance in metres, by haversine. */
function distance([lon1, lat1]: [number, number], [lon2, lat2]: [number, number]): number {
  const r = Math.PI / 180;
  const h = Math.sin(((lat2 - lat1) * r) / 2) ** 2 + Math.cos(lat1 * r) * Math.cos(lat2 * r) * Math.sin(((lon2 - lon1) * r) / 2) ** 2;
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(h));
}

describe("the accuracy circle", () => {
  it.each([
    [0, 0, 12],
    [41.3, -72.9, 250],
    [69.6, 18.9, 4000],
    [-54.8, -68.3, 35_000],
  ])("is true in metres at %f, %f", (lat, lon, metres) => {
    const points = ring(lat, lon, metres);
    expect(points[0]).toEqual(points.at(-1));
    for (const point of points) expect(Math.abs(distance([lon, lat], point) / metres - 1)).toBeLessThan(1e-6);
  });
});

describe("the view", () => {
  it("holds the circle, and is never absurdly close", () => {
    const fix = { lat: 41.3, lon: -72.9, accuracy: 3, at: "" };
    const [west, east] = frame(fix, 80);
    expect(distance([west[0], 41.3], [east[0], 41.3])).toBeCloseTo(160, 0);
  });
});

describe("a path", () => {
  it("goes on across the date line", () => {
    const fixes = [179.9, -179.9, 179.8].map((lon) => ({ lat: 0, lon, accuracy: 5, at: "" }));
    expect(unwrap(fixes).map(([lon]) => Math.round(lon * 10) / 10)).toEqual([179.9, 180.1, 179.8]);
  });
});
