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
import { session } from "./store";
import { slowWays, trouble } from "./trouble";
import type { Call } from "./types";
import { Badge, Icon, Key } from "./ui";

export function Stage({ desk, call }: { desk: Desk; call: Call }) {
  const view = desk.room(call.id) ?? NOWHERE;
  const publisher = call.publisher?.identity ?? null;
  const identity = publisher ?? view.ahead;
  return (
    <section class="stage-picture" aria-label="Live picture" data-sound={sound.value}>
      {identity === null ? (
        <Words desk={desk} call={call} view={view} />
      ) : (
        // Another call or another phone gets an element of its own: no picture outlives its caller.
        <Live key={`${call.id} ${identity}`} desk={desk} call={call} identity={identity} known={publisher !== null} view={view} />
      )}
      <p class="talking" role="status">
        {desk.talk.state.value === "talking" && (
          <span class="badge good">
            <Icon name="microphone" /> Talking
          </span>
        )}
      </p>
    </section>
  );
}

interface LiveProps {
  desk: Desk;
  call: Call;
  identity: string;
  known: boolean; // the server has named it; until then it is the only caller in the room
  view: RoomView;
}

function Live({ desk, call, identity, known, view }: LiveProps) {
  const video = useRef<HTMLVideoElement>(null);
  const watch = useRef<FrameWatch | null>(null);
  const [picture, setPicture] = useState<Picture>(NO_PICTURE);
  const open = call.state === "open";

  useEffect(() => {
    watch.current = new FrameWatch(video.current!, setPicture);
    return () => {
      watch.current?.stop();
      desk.draw(call.id, undefined);
    };
  }, []);

  // A page that was the publisher and is not any more: its last picture must not pass for a new one.
  useEffect(() => {
    if (!known) watch.current?.forget();
  }, [known]);

  const track = view.video ?? (view.ahead === identity ? view.aheadVideo : null);
  useEffect(() => {
    const element = video.current!;
    if (!track) return;
    track.attach(element);
    return () => void track.detach(element);
  }, [track]);

  useEffect(() => {
    if (known && picture.seen && open) void desk.firstFrame(call, identity, picture.width, picture.height);
  }, [known, picture.seen, call.generation, open]);

  const gone = !open || (call.media.state === "stopped" && !view.video);
  // Camera frames of the only caller are shown before the server has told who taps: only a tap swaps
  // a camera in, and whoever has the link could tap.
  const nothing = !picture.seen || gone;
  // Without its room the last picture is not there to be shown either.
  const covered = nothing || (picture.frozen && !view.video);
  const drawn = nothing ? undefined : picture.frozen ? "frozen" : "moving";
  useEffect(() => desk.draw(call.id, drawn), [drawn]);
  return (
    <>
      <video ref={video} data-publisher={known || picture.seen ? identity : undefined} class={picture.frozen ? "frozen" : ""} playsInline muted autoplay disablePictureInPicture />
      {covered ? <Words desk={desk} call={call} view={view} /> : <Badges picture={picture} view={view} desk={desk} call={call} />}
      {open && known && <Hearing view={view} identity={identity} />}
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

function Badges({ picture, view, desk, call }: { picture: Picture; view: RoomView; desk: Desk; call: Call }) {
  const now = desk.now.value; // the age of a frozen picture goes on counting
  const phone = session(call, desk.facts.value);
  const poor = view.quality === "poor" || view.quality === "lost";
  // The client says late that it is connected again: frames know better.
  const broken = view.state !== "connected" && picture.frozen;
  const wrong = trouble(call, phone, picture.frozen ? "frozen" : "moving", now);
  const advice = wrong?.detail ?? (picture.frozen && !broken ? FROZEN : "");
  return (
    <div class="badges">
      {picture.frozen ? (
        <Badge tone="bad">
          Frozen <span class="num">{span(performance.now() - picture.last)}</span>
        </Badge>
      ) : (
        <Badge tone="good">Live</Badge>
      )}
      {wrong && (
        <Badge tone={wrong.tone}>
          {wrong.title} {wrong.time && <span class="num">{wrong.time}</span>}
        </Badge>
      )}
      {broken && <Badge tone="wait">Connecting to video</Badge>}
      {poor && !broken && !wrong && <Badge tone="wait">{view.quality === "poor" ? "Weak network" : "Phone's network lost"}</Badge>}
      {advice && <p class="badge advice">{advice}</p>}
      <span class="badge num">
        {picture.width}×{picture.height} · {picture.rate}/s
      </span>
      {slowWays(phone).map(({ word, title }) => (
        <span key={word} class="badge" title={title}>
          {word}
        </span>
      ))}
    </div>
  );
}

const FROZEN = "This is the last picture. Messages go on: ask the caller to stay on the page and find better network.";

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
