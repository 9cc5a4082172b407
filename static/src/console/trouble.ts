/** What is wrong with a caller's page or picture, in the words of the row, the badge and the notice. */
import type { ConditionName } from "../shared/protocol";
import { clock, since } from "./format";
import { left } from "./help";
import type { Tone } from "./stages";
import type { Call, Session } from "./types";

/** The picture on this screen; undefined where it is not drawn. */
export type Drawn = "moving" | "frozen" | undefined;

export interface Trouble {
  title: string;
  tone: Tone;
  /** What it means and what helps. */
  detail: string;
  /** For the row on the board: one word, and a few that fit beside an owner's name. */
  word: string;
  note: string;
  /** For how long, where that is known. */
  time?: string;
}

type Words = Omit<Trouble, "time" | "detail"> & { help: string };

const LOST: Words = {
  title: "Phone lost",
  tone: "bad",
  word: "Lost",
  note: "no answer",
  help: "No answer from the phone. It comes back by itself with its network: stay on the line.",
};
const AWAY: Words = {
  title: "Phone locked or in another app",
  tone: "bad",
  word: "Away",
  note: "off the page",
  help: "Ask the caller to unlock the phone and go back to the page. Then it goes on by itself.",
};

/** Worst first. Those of `still` are no trouble while the picture moves. */
const WORDS: [ConditionName, Words, "still" | "always"][] = [
  [
    "hidden",
    {
      title: "Page not in front",
      tone: "wait",
      word: "Away",
      note: "off the page",
      help: "Phone locked or in another app. Ask the caller to go back to the page.",
    },
    "still",
  ],
  [
    "camera_paused",
    {
      title: "Camera paused by the phone",
      tone: "wait",
      word: "Paused",
      note: "by the phone",
      help: "A phone call or another app has the camera. It comes back by itself, or ask the caller to go back to the page.",
    },
    "still",
  ],
  [
    "no_webrtc",
    {
      title: "No video in this browser",
      tone: "bad",
      word: "No video",
      note: "browser cannot",
      help: "Ask the caller to open the link in Safari or Chrome.",
    },
    "still",
  ],
  [
    "no_media",
    {
      title: "Network blocks video",
      tone: "bad",
      word: "No video",
      note: "network blocks it",
      help: "Ask the caller to change between Wi-Fi and mobile data.",
    },
    "still",
  ],
  [
    "picture_frozen",
    {
      title: "Camera stands still",
      tone: "bad",
      word: "Frozen",
      note: "at the phone",
      help: "The phone gives no new pictures. Turn the camera (F), or ask the caller to load the page again.",
    },
    "still",
  ],
  [
    "picture_black",
    {
      title: "Black picture",
      tone: "wait",
      word: "Black",
      note: "covered or dark",
      help: "Covered, face down, or dark. Ask the caller to lift the phone; or turn the camera (F).",
    },
    "always",
  ],
];

/** With these there is no picture to wait for: say what is left. */
const NO_VIDEO = new Set<ConditionName>(["no_webrtc", "no_media"]);

/** Since when nothing was heard of the page. While its picture moves it is not lost. */
export function silentSince(call: Call, session: Session | undefined, drawn: Drawn): string | null {
  if (!call.publisher || session?.id !== call.publisher.session) return null;
  if (session.online || drawn === "moving" || call.state !== "open") return null;
  return session.online_at;
}

/** The one thing to say first; null while all is well. */
export function trouble(call: Call, session: Session | undefined, drawn: Drawn, now: number): Trouble | null {
  if (!session || call.state !== "open" || !call.publisher) return null;
  const silent = silentSince(call, session, drawn);
  if (silent !== null) {
    const words = session.conditions.includes("hidden") ? AWAY : LOST;
    return { ...words, detail: words.help, time: clock(since(silent, now)) };
  }
  for (const [name, words, when] of WORDS) {
    if (!session.conditions.includes(name)) continue;
    if (when === "still" && drawn === "moving") continue;
    return { ...words, detail: NO_VIDEO.has(name) ? `${words.help} ${left(session)}` : words.help };
  }
  return null;
}

/** Slow ways that need nobody's attention: quiet badges. */
export function slowWays(session: Session | undefined): { word: string; title: string }[] {
  const found = [];
  if (session?.conditions.includes("tcp")) found.push({ word: "TCP", title: "The network blocks UDP: the picture may lag" });
  if (session?.conditions.includes("no_socket")) {
    found.push({ word: "Messages up to 3 s later", title: "The network blocks the live connection: the page asks every few seconds" });
  }
  return found;
}
