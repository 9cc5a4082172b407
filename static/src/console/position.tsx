/** Where the phone is: map, coordinates with radius and age, and a way to copy them. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Desk } from "./desk";
import { ago, coordinates, plainCoordinates, radius, since } from "./format";
import { noPosition } from "./help";
import type { PositionMap } from "./map";
import { theme } from "./settings";
import { session } from "./store";
import type { Position } from "./types";
import { Icon, Key, Shape } from "./ui";

const STALE = 15_000; // ms; a moving phone reports about once a second
const BESIDE_PICTURE = 300; // ms

export function PositionPanel({ desk }: { desk: Desk }) {
  const call = desk.call.value;
  const position = desk.position.value;
  const age = position ? since(position.at, desk.now.value) : 0;
  const stale = Boolean(position) && (age > STALE || call?.state === "closed");
  return (
    <section class="position" aria-label="Position">
      <MapBox desk={desk} stale={stale} />
      <Line position={position} age={age} stale={stale} waiting={call ? noPosition(session(call, desk.facts.value), call.state === "open") : ""} />
    </section>
  );
}

function MapBox({ desk, stale }: { desk: Desk; stale: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<PositionMap | null>(null);
  const [following, setFollowing] = useState(true);
  const [trouble, setTrouble] = useState("");
  const call = desk.selected.value;
  const fix = desk.position.value ?? null;
  const track = desk.track.value;
  const [idle, setIdle] = useState(false);
  const wanted = call !== null || idle;

  // The map is large: it comes with the first call, or when the browser has nothing better to do.
  useEffect(() => {
    const timer = setTimeout(() => setIdle(true), 3000);
    return () => clearTimeout(timer);
  }, []);

  useEffect(() => {
    if (!wanted || !box.current) return;
    let made: PositionMap | null = null;
    let over = false;
    const { center, zoom } = desk.page.centre;
    import("./map")
      .then(({ PositionMap }) =>
        PositionMap.make(box.current!, {
          pmtiles: desk.page.map.pmtiles,
          center,
          zoom,
          onFollow: setFollowing,
          onBasemap: (there) => setTrouble(there ? "" : "No basemap here. Dot and radius are right."),
        }),
      )
      .then((one) => {
        made = one;
        if (over) one.destroy();
        else setMap(one);
      })
      .catch(() => setTrouble("This browser cannot draw the map. The coordinates are below."));
    return () => {
      over = true;
      made?.destroy();
      setMap(null);
    };
  }, [wanted]);

  useEffect(() => {
    if (!map) return;
    const show = () => map.show(call ?? "", fix, track, stale);
    // A map drawn without a graphics card takes a tenth of a second, just when the first picture
    // comes with the first position. The coordinates stand below it meanwhile.
    if (!call || !fix || desk.drawn(call) !== undefined) return show();
    const timer = setTimeout(show, BESIDE_PICTURE);
    return () => clearTimeout(timer);
  }, [map, call, fix, track, stale]);
  useEffect(() => map?.recolour(), [map, theme.value]);

  return (
    <div class="map">
      <div class="map-canvas" ref={box} />
      {trouble && <p class="map-trouble">{trouble}</p>}
      {map && fix && !following && (
        <button type="button" class="map-centre" onClick={() => map.recentre()}>
          <Icon name="target" /> Back to the phone
        </button>
      )}
    </div>
  );
}

function Line(props: { position: Position | undefined; age: number; stale: boolean; waiting: string }) {
  const { position, age, stale } = props;
  if (!position) return <p class="position-line dim">{props.waiting || "\u00a0"}</p>;
  return (
    <div class={`position-line${stale ? " stale" : ""}`}>
      <p class="num">
        <span class="coordinates">{coordinates(position.lat, position.lon)}</span>{" "}
        <span class="precision">
          <span class={position.accuracy > 100 ? "rough" : ""}>{radius(position.accuracy)}</span>
          <span class="dim"> · </span>
          <span class="age">
            {stale && <Shape of="wait" />} {ago(age)}
          </span>
          {position.corrected && (
            <span class="flag" title="The phone's own clock is wrong. The time shown was corrected by the server.">
              {" · "}Clock corrected
            </span>
          )}
        </span>
      </p>
      <CopyButton position={position} />
    </div>
  );
}

function CopyButton({ position }: { position: Position }) {
  const [result, setResult] = useState("");
  useEffect(() => {
    if (!result) return;
    const timer = setTimeout(() => setResult(""), 2000);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = () => {
    copyText(plainCoordinates(position.lat, position.lon)).then(
      () => setResult("Copied"),
      () => setResult("Not copied: select and copy by hand"),
    );
  };
  return (
    <>
      <button type="button" class="copy" data-copy-position onClick={copy}>
        <Icon name={result === "Copied" ? "check" : "copy"} /> {result === "Copied" ? result : "Copy"}
        <span class="hidden"> position</span> <Key>P</Key>
      </button>
      <span class={!result || result === "Copied" ? "hidden" : ""} role="status">
        {result}
      </span>
    </>
  );
}

async function copyText(text: string): Promise<void> {
  // The clipboard API needs a secure context; a console on a plain intranet address is none.
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("the browser did not copy");
}
