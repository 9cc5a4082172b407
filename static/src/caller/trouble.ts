/** The one trouble that matters most, in one sentence with one button. */
import type { Outcome } from "./capture";
import type { Live } from "./live";
import type { Facts, Remedy } from "./look";
import type { Key } from "./strings";

export interface Trouble {
  text: Key;
  remedy: Remedy;
  /** On the button. */
  action?: Key;
}

type Refused = Exclude<Outcome, "granted">;

const CAMERA: Record<Refused, Key> = {
  denied: "cameraDenied",
  dismissed: "cameraDismissed",
  absent: "cameraAbsent",
  busy: "cameraBusy",
  timeout: "cameraUnanswered",
  insecure: "cameraInsecure",
  unsupported: "cameraBrowser",
  failed: "cameraFailed",
};
const MICROPHONE: Record<Refused, Key> = {
  denied: "microphoneDenied",
  dismissed: "microphoneDismissed",
  absent: "microphoneAbsent",
  busy: "microphoneBusy",
  timeout: "microphoneUnanswered",
  insecure: "microphoneBrowser",
  unsupported: "microphoneBrowser",
  failed: "microphoneFailed",
};
const POSITION: Record<Refused, Key> = {
  denied: "positionDenied",
  dismissed: "positionDismissed",
  absent: "positionFailed",
  busy: "positionFailed",
  timeout: "positionUnanswered",
  insecure: "positionBrowser",
  unsupported: "positionBrowser",
  failed: "positionFailed",
};
/** Asking again by a tap can help; with the others it cannot, or the phone asks by itself. */
const AGAIN: ReadonlySet<Outcome> = new Set(["denied", "dismissed", "busy", "failed"]);

export function findTrouble({ state, offline }: Facts, live: Live): Trouble | null {
  if (state === "dead" || state === "ended" || state === "taken") return null;
  if (offline) return { text: live.up && live.on ? "waiting" : "offline", remedy: null };
  if (!live.on) return null;
  return cameraTrouble(live) ?? wayTrouble(live) ?? pictureTrouble(live) ?? smallTrouble(live);
}

function cameraTrouble({ outcomes: { camera } }: Live): Trouble | null {
  return camera && camera !== "granted" ? asked(CAMERA[camera], camera, "camera") : null;
}

/** The camera is there, and the way out is not. */
function wayTrouble(live: Live): Trouble | null {
  if (live.incapable) return { text: "cannotSend", remedy: null };
  if (live.blocked) return { text: "videoBlocked", remedy: null };
  if (live.down) return { text: "videoDown", remedy: null };
  return null;
}

function pictureTrouble(live: Live): Trouble | null {
  if (live.paused) return { text: "cameraPaused", remedy: null };
  if (live.picture === "frozen") return { text: "pictureFrozen", remedy: "camera", action: "tryAgain" };
  if (live.picture === "black") return { text: "pictureBlack", remedy: null };
  return null;
}

function smallTrouble(live: Live): Trouble | null {
  if (live.silenced) return { text: "tapForSound", remedy: "sound", action: "soundOn" };
  if (live.hushed) return { text: "hushed", remedy: null }; // the button for it is there already
  const { microphone, position } = live.outcomes;
  if (microphone && microphone !== "granted") return asked(MICROPHONE[microphone], microphone, "microphone");
  if (position && position !== "granted") return asked(POSITION[position], position, "position");
  return null;
}

function asked(text: Key, outcome: Refused, remedy: Remedy): Trouble {
  // A phone that goes on looking for its position needs no tap.
  if (!AGAIN.has(outcome) || text === "positionFailed") return { text, remedy: null };
  return { text, remedy, action: "tryAgain" };
}
