/** The caller's picture and sound: only the publisher's, only camera frames. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Desk } from "./desk";
import { span } from "./format";
import { FrameWatch, NO_PICTURE } from "./frames";
import type { Picture } from "./frames";
import { notice } from "./notice";
import { NOWHERE } from "./roomlink";
import type { RoomView } from "./roomlink";
import { setSound, soundWanted } from "./settings";
import { hear, sound } from "./sound";
import type { Call } from "./types";
import { Badge, Icon, Key } from "./ui";

export function Stage({ desk, call }: { desk: Desk; call: Call }) {
  const view = desk.room(call.id) ?? NOWHERE;
  const identity = call.publisher?.identity ?? null;
  return (
    <section class="stage-picture" aria-label="Live picture" data-sound={sound.value}>
      {identity === null ? (
        <Words desk={desk} call={call} view={view} />
      ) : (
        // Another call or another phone gets an element of its own: no picture outlives its caller.
        <Live key={`${call.id} ${identity}`} desk={desk} call={call} identity={identity} view={view} />
      )}
    </section>
  );
}

function Live({ desk, call, identity, view }: { desk: Desk; call: Call; identity: string; view: RoomView }) {
  const video = useRef<HTMLVideoElement>(null);
  const [picture, setPicture] = useState<Picture>(NO_PICTURE);
  const open = call.state === "open";

  useEffect(() => {
    const watch = new FrameWatch(video.current!, setPicture);
    return () => {
      watch.stop();
      desk.freeze(call.id, false);
    };
  }, []);

  useEffect(() => {
    const element = video.current!;
    const track = view.video;
    if (!track) return;
    track.attach(element);
    return () => void track.detach(element);
  }, [view.video]);

  useEffect(() => desk.freeze(call.id, picture.frozen && open), [picture.frozen, open]);

  useEffect(() => {
    if (picture.seen && open) void desk.firstFrame(call, identity, picture.width, picture.height);
  }, [picture.seen, call.generation, open]);

  const gone = !open || (call.media.state === "stopped" && !view.video);
  const covered = !picture.seen || gone;
  return (
    <>
      <video ref={video} data-publisher={identity} class={picture.frozen ? "frozen" : ""} playsInline muted autoplay disablePictureInPicture />
      {covered ? <Words desk={desk} call={call} view={view} /> : <Badges picture={picture} view={view} desk={desk} />}
      {open && <Hearing view={view} identity={identity} />}
    </>
  );
}

/** In place of a picture; covers the placeholder, which is never shown. */
function Words({ desk, call, view }: { desk: Desk; call: Call; view: RoomView }) {
  const { title, detail, tone } = notice(call, desk.facts.value, view.state, desk.videoDown.value, desk.now.value);
  return (
    <div class={`words ${tone}`}>
      <p class="words-title">{title}</p>
      {detail && <p>{detail}</p>}
    </div>
  );
}

function Badges({ picture, view, desk }: { picture: Picture; view: RoomView; desk: Desk }) {
  void desk.now.value; // the age of a frozen picture goes on counting
  const poor = view.quality === "poor" || view.quality === "lost";
  // The client says late that it is connected again: frames know better.
  const broken = view.state !== "connected" && picture.frozen;
  return (
    <div class="badges">
      {picture.frozen ? (
        <Badge tone="bad">
          Frozen <span class="num">{span(performance.now() - picture.last)}</span>
        </Badge>
      ) : (
        <Badge tone="good">Live</Badge>
      )}
      {broken && <Badge tone="wait">Connecting to video</Badge>}
      {poor && !broken && <Badge tone="wait">{view.quality === "poor" ? "Weak network" : "Phone's network lost"}</Badge>}
      <span class="badge num">
        {picture.width}×{picture.height} · {picture.rate}/s
      </span>
    </div>
  );
}

function Hearing({ view, identity }: { view: RoomView; identity: string }) {
  const element = useRef<HTMLAudioElement>(null);
  const wanted = soundWanted.value;
  useEffect(() => {
    const track = view.audio;
    if (!track || !wanted) {
      sound.value = track ? "off" : "none";
      return;
    }
    return hear(element.current!, track);
  }, [view.audio, wanted]);
  useEffect(() => () => void (sound.value = "none"), []);
  return (
    <>
      <audio ref={element} data-publisher={identity} />
      <div class="heard">
        {sound.value === "on" && (
          <span class="badge">
            <Icon name="soundOn" /> Sound is on
          </span>
        )}
        {sound.value === "off" && (
          <span class="badge wait">
            <Icon name="soundOff" /> Sound is off
          </span>
        )}
        {sound.value === "none" && view.video && (
          <span class="badge">
            <Icon name="soundOff" /> No sound from phone
          </span>
        )}
        {sound.value === "blocked" && (
          // Any click on the page starts it (sound.ts); this one says so.
          <button type="button" class="badge wait">
            <Icon name="soundOn" /> Click to hear
          </button>
        )}
      </div>
    </>
  );
}

/** Named by what a press does. The badge in the picture says what is. */
export function SoundButton() {
  const on = soundWanted.value;
  return (
    <button type="button" onClick={() => setSound(!on)} title={on ? "Stop hearing the caller" : "Hear the caller"}>
      <Key>M</Key> Sound {on ? "off" : "on"}
    </button>
  );
}
