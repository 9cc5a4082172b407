/** How far a call has come, in the words a dispatcher reads from two metres. */
import { capital, clock, since } from "./format";
import { trouble } from "./trouble";
import type { Drawn } from "./trouble";
import type { Call, Mark, Session, Stage, Text } from "./types";

export type Tone = "quiet" | "wait" | "good" | "bad";

export interface Word {
  word: string;
  tone: Tone;
  /** The reason or the next step, if there is one to say in few words. */
  note?: string;
}

export type StepState = "done" | "now" | "todo" | "failed";

export interface Step {
  name: string;
  state: StepState;
  at: string | null;
  reason: string | null;
}

/** Each of the five steps of the bar, and the stages that prove it happened. */
const STEPS: { name: string; stage: Stage }[] = [
  { name: "Sent", stage: "accepted" },
  { name: "Delivered", stage: "delivered" },
  { name: "Opened", stage: "opened" },
  { name: "Allowed", stage: "permitted" },
  { name: "Live", stage: "first_frame" },
];

const ORDER: Stage[] = [
  "requested",
  "accepted",
  "delivered",
  "opened",
  "tapped",
  "permitted",
  "joined",
  "first_frame",
];

const REASONS: Record<string, string> = {
  denied: "refused",
  dismissed: "dismissed",
  absent: "none on this phone",
  busy: "used by another app",
  timeout: "no answer",
  insecure: "page not secure",
  unsupported: "browser cannot",
  failed: "failed",
  granted: "allowed",
};

export function outcome(code: string): string {
  return REASONS[code] ?? code.replaceAll("_", " ");
}

export function reached(call: Call, stage: Stage): boolean {
  return Boolean(call.stages[stage]?.at);
}

function failure(mark: Mark | undefined): string | null {
  return mark && !mark.at && mark.failed ? outcome(mark.failed) : null;
}

/** The furthest stage reached. */
export function furthest(call: Call): Stage {
  return [...ORDER].reverse().find((stage) => reached(call, stage)) ?? "requested";
}

/** The five steps. A later stage proves the earlier ones, whatever reports went missing. */
export function steps(call: Call): Step[] {
  const far = ORDER.indexOf(furthest(call));
  let waiting = call.state === "open";
  return STEPS.map(({ name, stage }) => {
    const mark = call.stages[stage];
    const at = mark?.at ?? null;
    if (at || ORDER.indexOf(stage) < far) return { name, state: "done", at, reason: null };
    const reason = failure(mark);
    if (reason !== null) {
      waiting = false;
      return { name, state: "failed", at: null, reason };
    }
    const state: StepState = waiting ? "now" : "todo";
    waiting = false;
    return { name, state, at: null, reason: null };
  });
}

/** Someone should ask the caller, or try another way. */
const PATIENCE: Partial<Record<Stage, number>> = { requested: 10_000, accepted: 20_000, delivered: 30_000 };

/** Was a picture there once? Then the call is told by its media, not by its text. */
export function hadPicture(call: Call): boolean {
  return reached(call, "joined") || reached(call, "first_frame") || (call.publisher !== null && call.media.state !== "none");
}

/** The camera was asked for and is not to be had. */
export function cameraTrouble(session: Session | undefined): string | null {
  const given = session?.permissions.camera;
  return given && given.outcome !== "granted" ? `Camera ${outcome(given.outcome)}` : null;
}

/** The one word of a call, for its row on the board. */
export function stageWord(call: Call, now: number, session?: Session, drawn?: Drawn): Word {
  if (call.state === "closed") return { word: "Closed", tone: "quiet" };
  const far = furthest(call);
  if (call.unwatched) {
    return { word: "Unwatched", tone: "bad", note: `stops in ${clock(Date.parse(call.unwatched.stops_at) - now)}` };
  }
  if (hadPicture(call)) return mediaWord(call, now, session, drawn);
  const camera = cameraTrouble(session);
  if (camera) return { word: "No camera", tone: "bad", note: camera.replace(/^Camera /, "") };
  const failed = ORDER.slice(ORDER.indexOf(far) + 1).find((stage) => failure(call.stages[stage]) !== null);
  if (failed) {
    const note = failure(call.stages[failed]) ?? undefined;
    if (failed === "accepted" || failed === "requested") return { word: "Not sent", tone: "bad", note };
    if (failed === "delivered") return { word: "Not delivered", tone: "bad", note };
    if (failed === "permitted") return { word: "No camera", tone: "bad", note };
    return { word: "No picture", tone: "bad", note };
  }
  const mark = call.stages[far]?.at ?? call.opened_at;
  const late = since(mark, now) > (PATIENCE[far] ?? Infinity);
  const words: Partial<Record<Stage, string>> = {
    requested: "Sending",
    accepted: "Sent",
    delivered: "Delivered",
    opened: "Opened",
    tapped: "Tapped",
    permitted: "Allowed",
  };
  const note = late ? (far === "requested" ? "not accepted yet" : far === "accepted" ? "not delivered yet" : "not opened yet") : undefined;
  return { word: words[far] ?? "Sending", tone: late ? "wait" : "quiet", note };
}

function mediaWord(call: Call, now: number, session: Session | undefined, drawn: Drawn): Word {
  // Reopened, or its link revoked: nothing comes back before a new tap.
  if (!call.publisher) return { word: "Waiting", tone: "wait", note: "for a new tap" };
  if (call.media.state === "stopped") return { word: "Stopped", tone: "wait", note: call.unwatched_stop ? "nobody watched" : "by caller" };
  const wrong = trouble(call, session, drawn, now);
  if (wrong) return { word: wrong.word, tone: wrong.tone, note: wrong.time ? `${wrong.note} ${wrong.time}` : wrong.note };
  if (!call.present && drawn !== "moving") return { word: "Gone", tone: "bad", note: "phone left" };
  if (call.media.state === "paused") return { word: "Paused", tone: "wait", note: "page hidden" };
  if (!call.media.camera && call.media.state === "live") return { word: "Sound only", tone: "good" };
  if (drawn === "frozen") return { word: "Frozen", tone: "bad" };
  if (reached(call, "first_frame")) return { word: "Live", tone: "good" };
  return { word: "Joined", tone: "quiet", note: "picture coming" };
}

/** Why no text arrived, if so. Only the newest text counts. */
export function textTrouble(call: Call, texts: Text[]): { title: string; reason: string } | null {
  const last = texts.at(-1);
  if (last?.state === "unknown") return { title: "Text may not have gone out", reason: last.reason ?? "The provider did not answer." };
  if (last && last.state !== "failed") return null;
  const refused = failure(call.stages.accepted) ?? failure(call.stages.requested);
  if (refused !== null) return { title: "Text not sent", reason: last?.reason ?? refused };
  const lost = failure(call.stages.delivered);
  if (lost !== null || last) return { title: "Text not delivered", reason: last?.reason ?? lost ?? "" };
  return null;
}

/** What each permission came to. Their places are there from the start. */
export function permissions(session: Session | undefined, over = false): Word[] {
  return (["camera", "microphone", "position"] as const).map((what) => {
    const given = session?.permissions[what];
    const word = capital(what);
    if (!given) return { word, tone: "quiet", note: "not asked yet" };
    const note = outcome(given.outcome);
    // After the call nothing is on: green would say that it is.
    if (over) return { word, tone: "quiet", note };
    return { word, tone: given.outcome === "granted" ? "good" : "bad", note };
  });
}
