/** What came of the phone's own questions, and which step of help is left. */
import type { PermissionOutcome } from "../shared/protocol";
import type { Session } from "./types";

/** What to ask the caller to do when there is no camera. */
const CAMERA: Record<PermissionOutcome, string> = {
  granted: "",
  denied: "Ask the caller to allow the camera for this page, then ask for the camera (C).",
  dismissed: "The question was closed without an answer. Ask for the camera (C): it comes again.",
  timeout: "Tell the caller to tap Allow. If no question comes, have them open the link in Safari or Chrome.",
  absent: "This phone shows no camera to the page. Ask whether somebody there has another phone.",
  busy: "Another app has it. Ask the caller to close that app, then ask for the camera (C).",
  insecure: "The link did not open as a secure page. Resend the text and have them open the link in Safari or Chrome.",
  unsupported: "This browser cannot. Ask the caller to open the link in Safari or Chrome.",
  failed: "It did not start. Ask for the camera (C).",
};

export function cameraHelp(outcome: PermissionOutcome): string {
  return CAMERA[outcome];
}

/** What still works without a picture: sound, then position, then words. */
export function left(session: Session | undefined): string {
  const given = (what: "microphone" | "position") => session?.permissions[what]?.outcome === "granted";
  const works = [given("microphone") && "sound", given("position") && "position", "messages"].filter(Boolean) as string[];
  const last = works.pop()!;
  const list = works.length ? `${works.join(", ")} and ${last}` : last;
  return `${list[0]!.toUpperCase()}${list.slice(1)} work.`;
}

const POSITION: Record<PermissionOutcome, string> = {
  granted: "Position allowed · waiting for the first one",
  denied: "Position refused · ask where they are",
  dismissed: "Position question closed · ask where they are",
  timeout: "Position: no answer · ask where they are",
  absent: "This phone finds no position · ask where they are",
  busy: "Position used by another app · ask where they are",
  insecure: "No position: page not secure · ask where they are",
  unsupported: "This browser has no position · ask where they are",
  failed: "This phone finds no position · ask where they are",
};

/** In place of coordinates. */
export function noPosition(session: Session | undefined, open: boolean): string {
  if (!open) return "No position was sent";
  const outcome = session?.permissions.position?.outcome;
  return outcome ? POSITION[outcome] : "No position yet";
}
