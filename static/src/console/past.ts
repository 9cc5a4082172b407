/** The track of a closed call, on the history page. Without script the page still has the table. */
import { PositionMap } from "./map";
import type { Boot, Fix } from "./types";

interface Past {
  fixes: Fix[];
  center: [number, number];
  zoom: number;
  map: Boot["map"];
}

export async function drawPast(box: HTMLElement): Promise<void> {
  const data = document.getElementById("track-data")?.textContent;
  if (!data) return;
  const { fixes, center, zoom, map } = JSON.parse(data) as Past;
  const made = await PositionMap.make(box, {
    pmtiles: map.pmtiles,
    center,
    zoom,
    onFollow: () => undefined,
    onBasemap: () => undefined,
  });
  made.show("past", fixes.at(-1) ?? null, fixes, true);
  made.overview();
}
