/** A little geodesy: circles in true metres and the frame that holds them. */
import type { Fix } from "./types";

const EARTH = 6_371_008.8; // mean radius, metres
const radians = (degrees: number) => (degrees * Math.PI) / 180;
const degrees = (angle: number) => (angle * 180) / Math.PI;

/** The point `metres` away from `lat`, `lon` in direction `bearing` (degrees from north). */
export function away(lat: number, lon: number, metres: number, bearing: number): [lon: number, lat: number] {
  const arc = metres / EARTH;
  const from = radians(lat);
  const turn = radians(bearing);
  const to = Math.asin(Math.sin(from) * Math.cos(arc) + Math.cos(from) * Math.sin(arc) * Math.cos(turn));
  const east = Math.atan2(
    Math.sin(turn) * Math.sin(arc) * Math.cos(from),
    Math.cos(arc) - Math.sin(from) * Math.sin(to),
  );
  return [lon + degrees(east), degrees(to)];
}

/** A closed ring of points at `metres` around a place. */
export function ring(lat: number, lon: number, metres: number, points = 128): [number, number][] {
  const round = Array.from({ length: points }, (_, index) => away(lat, lon, metres, (360 / points) * index));
  return [...round, round[0]!];
}

/** West-south and east-north corners around a fix, never closer than `least` metres to it. */
export function frame(fix: Fix, least = 80): [[number, number], [number, number]] {
  const reach = Math.max(fix.accuracy, least);
  const [west] = away(fix.lat, fix.lon, reach, 270);
  const [east] = away(fix.lat, fix.lon, reach, 90);
  const [, south] = away(fix.lat, fix.lon, reach, 180);
  const [, north] = away(fix.lat, fix.lon, reach, 0);
  return [
    [west, south],
    [east, north],
  ];
}

/** Longitudes of a path made continuous across the date line, so that no line crosses the world. */
export function unwrap(fixes: readonly Fix[]): [lon: number, lat: number][] {
  let before: number | null = null;
  return fixes.map((fix) => {
    let lon = fix.lon;
    if (before !== null) {
      while (lon - before > 180) lon -= 360;
      while (lon - before < -180) lon += 360;
    }
    before = lon;
    return [lon, fix.lat];
  });
}
