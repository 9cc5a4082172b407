/** Talking to the phone and asking of it: talk, sound, microphone, camera. */
import { useEffect, useRef } from "preact/hooks";
import { cameraAsk, said, soundAsk } from "./asks";
import type { Asked } from "./asks";
import type { Desk } from "./desk";
import type { Call } from "./types";
import { Key } from "./ui";
import { SoundButton } from "./video";

export function Controls({ desk, call }: { desk: Desk; call: Call }) {
  return (
    <div class="row controls">
      <TalkButton desk={desk} call={call} />
      <SoundButton />
      <AskButton desk={desk} call={call} what={soundAsk(call)} whats={["mute", "microphone"]} />
      <AskButton desk={desk} call={call} what={cameraAsk(call)} whats={["camera", "flip"]} />
    </div>
  );
}

const NAMES: Record<Asked, { key: string; name: string; title: string }> = {
  mute: { key: "S", name: "Mute caller", title: "The phone's microphone is turned off at once" },
  microphone: { key: "S", name: "Ask for sound", title: "The caller decides with one tap" },
  camera: { key: "C", name: "Ask for camera", title: "The caller decides with one tap" },
  flip: { key: "F", name: "Turn camera", title: "To the other camera of the phone; the caller decides with one tap" },
};

const NOT_OPENED = "The link was not opened yet: there is nobody to ask";

/** One place for two requests that exclude each other, with its state below; nothing moves. */
function AskButton(props: { desk: Desk; call: Call; what: Asked; whats: Asked[] }) {
  const { desk, call, what, whats } = props;
  const { key, name, title } = NAMES[what];
  const state = said(desk.facts.value.requests, whats, call, desk.now.value);
  const opened = desk.facts.value.sessions.length > 0;
  return (
    <div class="ask">
      <button
        type="button"
        title={opened ? title : NOT_OPENED}
        aria-disabled={!opened}
        aria-keyshortcuts={key}
        onClick={() => opened && void desk.ask(call.id, what)}
      >
        <Key>{key}</Key> {name}
      </button>
      <p class={`ask-said num ${state?.tone ?? ""}`} role="status">
        {state?.word}
        {state?.time && <span aria-hidden="true"> {state.time}</span>}
      </p>
    </div>
  );
}

/** Why nobody could hear the dispatcher now; null: they could. */
export function silentBecause(desk: Desk, call: Call): string | null {
  if (!call.publisher) return "No phone is sending yet: it hears you after the caller's tap";
  const room = desk.room(call.id);
  // A page whose heartbeat is missed may hear all the same, while it is in the room.
  if (!call.present && !room?.present) return "The phone is not in the room";
  if (room?.state !== "connected") return "This console is not in the room yet";
  return null;
}

/**
 * Held by pointer, Enter, Space or T. A press made by assistive technology has no length: there
 * one press begins and the next one ends.
 */
function TalkButton({ desk, call }: { desk: Desk; call: Call }) {
  const held = useRef(false); // the click that ends a hold is not a press of its own
  const state = desk.talk.state.value;
  const reason = silentBecause(desk, call);
  const talking = state === "talking";

  useEffect(() => {
    if (reason) desk.talk.release();
  }, [reason]);
  useEffect(() => () => desk.talk.leave(), [call.id]);

  const start = () => {
    held.current = true;
    if (!reason) desk.talk.press(call.id);
  };
  const end = () => desk.talk.release();
  const isHold = (event: KeyboardEvent) => event.key === "Enter" || event.key === " ";
  return (
    <button
      type="button"
      class="talk"
      title={reason ?? "Hold to be heard on the caller's phone"}
      aria-pressed={talking}
      aria-disabled={reason !== null}
      aria-keyshortcuts="T"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        start();
      }}
      onPointerUp={end}
      onPointerCancel={end}
      onLostPointerCapture={end}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (!isHold(event)) return;
        event.preventDefault();
        if (!event.repeat) start();
      }}
      onKeyUp={(event) => {
        if (!isHold(event)) return;
        event.preventDefault();
        held.current = false;
        end();
      }}
      onBlur={end}
      onClick={() => {
        const pointer = held.current;
        held.current = false;
        if (pointer || reason) return;
        if (talking || state === "opening") end();
        else desk.talk.press(call.id);
      }}
    >
      <Key>T</Key> {state === "opening" ? "Opening…" : "Talk"}
    </button>
  );
}

/** The same by key: false where the key means nothing now. */
export function pressControl(desk: Desk, key: string): boolean {
  const call = desk.call.peek();
  if (call?.state !== "open") return false;
  const sound = soundAsk(call);
  const camera = cameraAsk(call);
  if (key !== "t" && desk.facts.peek().sessions.length === 0) return false;
  switch (key) {
    case "t":
      if (silentBecause(desk, call) !== null) return false;
      desk.talk.press(call.id);
      return true;
    case "s":
      void desk.ask(call.id, sound);
      return true;
    case "c":
    case "f":
      if ((key === "f") !== (camera === "flip")) return false;
      void desk.ask(call.id, camera);
      return true;
    default:
      return false;
  }
}
