/** What the person is told, from what is so. */
import type { Live } from "./live";
import { say } from "./strings";
import type { Key } from "./strings";
import type { Trouble } from "./trouble";
import type { Look, State } from "./view";

export interface Facts {
  state: State;
  centre: string;
  /** Why this state was reached, where that matters. */
  again: boolean; // the call was closed and is open again
  resume: boolean; // a reloaded page that cannot go on by itself
  offline: boolean;
  writing: boolean;
  /** The centre stopped the video, for nobody watched. */
  unwatched: boolean;
  /** What the centre asks for, while it waits for an answer. */
  request: Wish | null;
}

/** What the person decides about. */
export type Wish = "camera" | "microphone" | "flip";

const WISHES: Record<Wish, [text: Key, yes: Key]> = {
  camera: ["askCamera", "startCamera"],
  microphone: ["askMicrophone", "micOn"],
  flip: ["askFlip", "flip"],
};

/** What the button beside the trouble does. */
export type Remedy = "camera" | "microphone" | "position" | "sound" | null;

export function compose(facts: Facts, live: Live, trouble: Trouble | null): Look {
  const { state, centre } = facts;
  const told = (key: Key) => say(key, { centre });
  const title = titleOf(facts);
  const wish = facts.request && WISHES[facts.request];
  return {
      state,
      title: title && told(title[0]),
      lead: title ? told(title[1]) : "",
      place: state === "stopped" ? told(live.follows ? "stoppedPlace" : "placeOff") : "",
      placeOff: state === "stopped" && live.follows,
      startLabel: told(facts.resume ? "continue" : state === "taken" ? "takeBack" : "start"),
      status: live.on ? told(statusOf(live)) : "",
      sending: live.on && live.up && (live.sends.camera || live.sends.microphone),
      trouble: trouble ? told(trouble.text) : "",
      troubleAction: trouble?.action ? told(trouble.action) : "",
      wish: wish ? told(wish[0]) : "",
      wishAction: wish ? told(wish[1]) : "",
      canFlip: live.canFlip,
      writing: facts.writing,
      micOn: live.hearsMe,
      micLabel: told(live.hearsMe ? "micOff" : "micOn"),
      camera: live.camera,
      mirrored: live.facing === "user",
  };
}

function titleOf({ state, again, resume, unwatched }: Facts): [Key, Key] | null {
  switch (state) {
    case "stopped":
      return unwatched ? ["unwatchedTitle", "unwatchedLead"] : ["stoppedTitle", "stoppedLead"];
    case "taken":
      return ["takenTitle", "takenLead"];
    case "ended":
      return ["endedTitle", "endedLead"];
    case "dead":
      return ["deadTitle", "deadLead"];
    case "ready":
      if (resume) return ["continueTitle", "continueLead"];
      return again ? ["againTitle", "againLead"] : null;
    case "reading":
    case "live":
    case "lost":
      return null;
  }
}

function statusOf(live: Live): Key {
  // A camera that the phone has paused is sent, and shows nothing.
  if (live.sends.camera && !live.paused) return live.sends.microphone ? "canSeeAndHear" : "canSee";
  if (live.sends.microphone) return "canHear";
  const { camera } = live.outcomes;
  const refused = camera && camera !== "granted" && camera !== "timeout";
  const stuck = live.down || live.blocked || live.incapable;
  if (live.asks.includes("camera") && !refused && !stuck) return "connecting";
  return live.follows ? "canFollow" : "canRead";
}
