/** What was asked of the caller's page, and what became of it. */
import type { RequestName } from "../shared/protocol";
import { clock, since } from "./format";
import type { Tone } from "./stages";
import type { Call, Request } from "./types";

export type Asked = Exclude<RequestName, "stop">;

const MOMENT = 8000; // ms an answer stays beside its button

export interface Said {
  tone: Tone;
  word: string;
  /** How long it has been open; counts on without being read out. */
  time?: string;
}

/** Which request the place for the sound holds now, and which the place for the camera. */
export function soundAsk(call: Call): Asked {
  return call.media.microphone ? "mute" : "microphone";
}

export function cameraAsk(call: Call): Asked {
  return call.media.camera && call.media.state !== "stopped" ? "flip" : "camera";
}

/** Has what was asked for come about, whatever the answer says? */
function settled(what: RequestName, call: Call): boolean {
  if (what === "camera") return cameraAsk(call) === "flip";
  if (what === "microphone") return call.media.microphone;
  if (what === "mute") return !call.media.microphone;
  return false;
}

/** The state of the newest of these requests, to stand beside their button; null: nothing to say. */
export function said(requests: readonly Request[], whats: readonly RequestName[], call: Call, now: number): Said | null {
  const last = requests.filter((one) => whats.includes(one.what)).at(-1);
  if (!last || call.state !== "open") return null;
  if (last.answer === "open") {
    return settled(last.what, call) ? null : { tone: "wait", word: "Asked", time: clock(since(last.at, now)) };
  }
  if (last.answer === "replaced" || !last.answered_at || since(last.answered_at, now) > MOMENT) return null;
  if (last.answer === "done") return { tone: "good", word: "Done" };
  if (last.answer === "declined") return { tone: "bad", word: "Said no" };
  return { tone: "bad", word: "Did not work" };
}
