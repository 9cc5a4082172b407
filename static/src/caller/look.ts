/** What the person is told, from what is so. */
import type { Outcome } from "./capture";
import type { Live } from "./live";
import { say } from "./strings";
import type { Key } from "./strings";
import type { Look, State } from "./view";

export interface Facts {
  state: State;
  centre: string;
  /** Why this state was reached, where that matters. */
  again: boolean; // the call was closed and is open again
  resume: boolean; // a reloaded page that cannot go on by itself
  offline: boolean;
  writing: boolean;
}

const CAMERA: Record<Exclude<Outcome, "granted">, Key> = {
  denied: "cameraDenied",
  dismissed: "cameraDismissed",
  absent: "cameraAbsent",
  busy: "cameraBusy",
  timeout: "askedNothing",
  insecure: "cameraBrowser",
  unsupported: "cameraBrowser",
  failed: "cameraFailed",
};
const NO_USE_IN_TRYING: ReadonlySet<Outcome> = new Set(["absent", "timeout", "insecure", "unsupported"]);

/** What the button beside the trouble does. */
export type Remedy = "camera" | "sound" | null;

export function compose(facts: Facts, live: Live): { look: Look; remedy: Remedy } {
  const { state, centre } = facts;
  const told = (key: Key) => say(key, { centre });
  const { trouble, action, remedy } = findTrouble(facts, live, told);
  const title = titleOf(facts);
  return {
    remedy,
    look: {
      state,
      title: title && told(title[0]),
      lead: title ? told(title[1]) : "",
      place: state === "stopped" ? told(live.follows ? "stoppedPlace" : "placeOff") : "",
      placeOff: state === "stopped" && live.follows,
      startLabel: told(facts.resume ? "continue" : state === "taken" ? "takeBack" : "start"),
      status: live.on ? told(statusOf(live)) : "",
      sending: live.on && live.up && (live.sends.camera || live.sends.microphone),
      trouble,
      troubleAction: action,
      writing: facts.writing,
      micOn: live.hearsMe,
      micLabel: told(live.hearsMe ? "micOff" : "micOn"),
      camera: live.camera,
    },
  };
}

function titleOf({ state, again, resume }: Facts): [Key, Key] | null {
  switch (state) {
    case "stopped":
      return ["stoppedTitle", "stoppedLead"];
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
  if (live.sends.camera) return live.sends.microphone ? "canSeeAndHear" : "canSee";
  if (live.sends.microphone) return "canHear";
  const { camera } = live.outcomes;
  const refused = camera && camera !== "granted" && camera !== "timeout";
  if (live.asks.includes("camera") && !refused && !live.down) return "connecting";
  return live.follows ? "canFollow" : "canRead";
}

function findTrouble(facts: Facts, live: Live, told: (key: Key) => string) {
  const none = { trouble: "", action: "", remedy: null as Remedy };
  if (facts.state === "dead" || facts.state === "ended" || facts.state === "taken") return none;
  if (facts.offline) return { ...none, trouble: told(live.up && live.on ? "waiting" : "offline") };
  if (!live.on) return none;
  const { camera, microphone } = live.outcomes;
  if (camera && camera !== "granted") {
    const trouble = told(CAMERA[camera]);
    if (NO_USE_IN_TRYING.has(camera)) return { ...none, trouble };
    return { trouble, action: told("tryAgain"), remedy: "camera" as Remedy };
  }
  if (live.down) return { ...none, trouble: told("videoDown") };
  if (live.paused) return { ...none, trouble: told("cameraPaused") };
  if (live.silenced) return { trouble: told("tapForSound"), action: told("soundOn"), remedy: "sound" as Remedy };
  if (camera === "granted" && microphone && microphone !== "granted") {
    return { ...none, trouble: told("noMicrophone") };
  }
  return none;
}
