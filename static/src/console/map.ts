/** The map itself: MapLibre over our own tiles. Loaded when a call is first looked at. */
import { addProtocol, AttributionControl, LngLatBounds, Map as Chart, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import type { GeoJSONSource } from "maplibre-gl";
import type { Feature, Geometry } from "geojson";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { PMTiles, Protocol } from "pmtiles";
import { frame, ring, unwrap } from "./geo";
import { colours, paints, style } from "./mapstyle";
import type { Fix } from "./types";

setWorkerUrl(workerUrl);
const protocol = new Protocol();
addProtocol("pmtiles", protocol.tile);

export interface MapOptions {
  pmtiles: string;
  center: [lat: number, lon: number];
  zoom: number;
  /** False once the person moved the map away; true again after recentre(). */
  onFollow(following: boolean): void;
  /** The basemap is there, or it is not. */
  onBasemap(there: boolean): void;
}

/** Is there a readable tile file? Asked before the style is made, so that a missing one is no failure. */
async function reachable(address: string): Promise<boolean> {
  try {
    const file = new PMTiles(address);
    await file.getHeader();
    protocol.add(file);
    return true;
  } catch {
    return false;
  }
}

/** The world basemap says nothing more beyond this zoom: nearer, the dot stands in an empty square. */
const DETAIL = 12;

export class PositionMap {
  private following = true;
  private subject: string | null = null;
  private fix: Fix | null = null;
  private path: readonly Fix[] = [];
  private stale = false;
  private drawn = false; // the staleness that the style shows now
  private ready = false;

  private constructor(
    private readonly map: Chart,
    private readonly options: MapOptions,
  ) {
    map.addControl(new ScaleControl({ maxWidth: 96, unit: "metric" }), "bottom-left");
    map.addControl(new AttributionControl({ compact: false }), "bottom-right");
    map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    map.on("style.load", () => {
      this.ready = true;
      this.draw();
    });
    for (const gesture of ["dragstart", "wheel", "dblclick"] as const) map.on(gesture, () => this.follow(false));
    map.on("error", () => undefined); // a tile that fails leaves a gap; the position is still right
  }

  static async make(container: HTMLElement, options: MapOptions): Promise<PositionMap> {
    const address = new URL(options.pmtiles, location.href).href;
    const there = await reachable(address);
    options.onBasemap(there);
    const [lat, lon] = options.center;
    const map = new Chart({
      container,
      style: style(colours(), there ? address : null),
      center: [lon, lat],
      zoom: options.zoom,
      maxZoom: 18,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    return new PositionMap(map, options);
  }

  /** Show this call's phone. Another subject, or the first fix, brings the view to it. */
  show(subject: string, fix: Fix | null, path: readonly Fix[], stale: boolean): void {
    const first = subject !== this.subject || (this.fix === null && fix !== null);
    this.subject = subject;
    this.fix = fix;
    this.path = path;
    this.stale = stale;
    if (first) this.follow(true);
    this.draw();
    if (first) this.centre(false);
    else if (this.following && fix && !this.comfortable(fix)) this.centre(false);
  }

  /** The whole way of a phone, from above. */
  overview(): void {
    const corners = this.path.flatMap((fix) => frame(fix));
    const [first] = corners;
    if (!first) return;
    const bounds = corners.reduce((around, corner) => around.extend(corner), new LngLatBounds(first, first));
    this.map.fitBounds(bounds, { padding: 24, maxZoom: DETAIL, animate: false });
  }

  recentre(): void {
    this.follow(true);
    this.centre(true);
  }

  recolour(): void {
    if (!this.map.isStyleLoaded()) {
      this.map.once("idle", () => this.recolour());
      return;
    }
    for (const [layer, property, value] of paints(colours())) {
      if (this.map.getLayer(layer)) this.map.setPaintProperty(layer, property as Parameters<Chart["setPaintProperty"]>[1], value);
    }
    this.age();
    if (!this.map.getLayer("land")) this.map.setPaintProperty("background", "background-color", colours().land);
  }

  destroy(): void {
    this.map.remove();
  }

  private follow(following: boolean): void {
    if (following === this.following) return;
    this.following = following;
    this.options.onFollow(following);
  }

  private centre(gently: boolean): void {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const animate = gently && !calm;
    if (this.fix) {
      this.map.fitBounds(frame(this.fix), { padding: 24, maxZoom: DETAIL, animate, duration: 150, linear: true });
    } else {
      const [lat, lon] = this.options.center;
      this.map.jumpTo({ center: [lon, lat], zoom: this.options.zoom });
    }
  }

  /** The dot is well inside the view, so the map need not move under the reader's eyes. */
  private comfortable(fix: Fix): boolean {
    const { width, height } = this.map.getCanvas().getBoundingClientRect();
    const { x, y } = this.map.project([fix.lon, fix.lat]);
    return x > width * 0.2 && x < width * 0.8 && y > height * 0.2 && y < height * 0.8;
  }

  /** One source and one message to the worker for each fix: a console may have no graphics card. */
  private draw(): void {
    if (!this.ready) return;
    const { fix, path } = this;
    const features = [feature({ type: "LineString", coordinates: unwrap(path) }, "track")];
    if (fix) {
      features.push(
        feature({ type: "Polygon", coordinates: [ring(fix.lat, fix.lon, fix.accuracy)] }, "area"),
        feature({ type: "Point", coordinates: [fix.lon, fix.lat] }, "dot"),
      );
    }
    void this.map.getSource<GeoJSONSource>("phone")!.setData({ type: "FeatureCollection", features });
    if (this.drawn !== this.stale) this.age();
  }

  /** An old position is a hollow dot with a faint circle: where the phone was, not where it is. */
  private age(): void {
    const { stale } = this;
    this.drawn = stale;
    this.map.setPaintProperty("dot", "circle-opacity", stale ? 0 : 1);
    this.map.setPaintProperty("dot", "circle-stroke-color", stale ? colours().dot : colours().dotEdge);
    this.map.setPaintProperty("area", "fill-opacity", stale ? 0.06 : 0.16);
    this.map.setPaintProperty("edge", "line-dasharray", stale ? [3, 3] : [1, 0]);
  }
}

function feature(geometry: Geometry, part: string): Feature {
  return { type: "Feature", properties: { part }, geometry };
}
