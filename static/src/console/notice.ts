/** What to write where the picture would be: what is happening, and what helps. */
import { ago, capital, clock, sentence, shortTime, since } from "./format";
import type { LinkState } from "./roomlink";
import { cameraHelp, left } from "./help";
import { furthest, hadPicture, outcome, reached, textTrouble } from "./stages";
import type { Tone } from "./stages";
import type { Facts } from "./store";
import { session as chosenSession } from "./store";
import { trouble } from "./trouble";
import type { Call, Session } from "./types";

export interface Notice {
  title: string;
  detail: string;
  tone: Tone;
}

const say = (title: string, detail = "", tone: Tone = "quiet"): Notice => ({ title, detail, tone });

export function notice(call: Call, known: Facts, link: LinkState, videoDown: boolean, now: number): Notice {
  if (call.state === "closed") return closed(call, now);
  if (videoDown || link === "down") return say("Video is down", "Texts, positions and messages work. Trying again by itself.", "bad");
  if (hadPicture(call) && call.publisher) return joined(call, known, link, now);
  if (known.links.length && known.links.every((one) => one.state === "revoked")) {
    return say("Link revoked", "Nobody can join with it. Resend text makes a new link.", "wait");
  }
  if (hadPicture(call)) return say("Waiting for a new tap", "Ask the caller to tap Start video on the page, or the link in the text.", "wait");
  return before(call, known, now);
}

function closed(call: Call, now: number): Notice {
  const when = call.closed_at ? `${capital(ago(since(call.closed_at, now)))}.` : "";
  const undo = call.undo_until && Date.parse(call.undo_until) > now ? `Undo is possible until ${shortTime(call.undo_until)}.` : "";
  return say("Call closed", `${when} ${undo}`.trim());
}

function joined(call: Call, known: Facts, link: LinkState, now: number): Notice {
  const phone = chosenSession(call, known);
  if (call.media.state === "stopped" && call.unwatched_stop) {
    return say("Video stopped: nobody was watching", "The call stays open. Ask for the camera (C): one tap of the caller brings it back.", "wait");
  }
  const wrong = trouble(call, phone, undefined, now);
  if (wrong) return say(wrong.time ? `${wrong.title} ${wrong.time}` : wrong.title, wrong.detail, wrong.tone);
  if (call.media.state === "stopped") return say("Caller stopped the video", "Ask for the camera (C), or ask the caller: one tap starts it again.", "wait");
  if (!call.present) return say("The phone has left", "It comes back by itself if the page is still open. Ask the caller to keep it open.", "bad");
  if (call.media.state === "paused") return say("Video paused", "The caller's page is in the background. Ask them to go back to it.", "wait");
  if (link === "trouble" || link === "connecting") return say("Connecting to video", "Trying by itself.");
  if (call.media.state === "live" && !call.media.camera) {
    return cameraTrouble(phone) ?? say("Sound only", "No camera from this phone. Ask for the camera (C).", "quiet");
  }
  return say("Picture is coming");
}

function before(call: Call, known: Facts, now: number): Notice {
  const stage = furthest(call);
  const opened = reached(call, "opened") || reached(call, "tapped");
  const trouble = opened ? null : textTrouble(call, known.texts);
  if (trouble) return say(trouble.title, `${sentence(trouble.reason)} Check the number, then resend the text.`.trim(), "bad");
  const wait = since(call.stages[stage]?.at ?? call.opened_at, now);
  switch (stage) {
    case "requested":
      return say("Text is on its way", wait > 10_000 ? `Not accepted by the provider for ${clock(wait)}.` : "", wait > 10_000 ? "wait" : "quiet");
    case "accepted":
      return say("Text sent", wait > 20_000 ? `Not delivered for ${clock(wait)}. Check the number with the caller, or resend.` : "Waiting for the phone to get it.", wait > 20_000 ? "wait" : "quiet");
    case "delivered":
      return say("Text delivered", wait > 30_000 ? `Not opened for ${clock(wait)}. Ask the caller to open the text and tap the link.` : "Ask the caller to open the text and tap the link.", wait > 30_000 ? "wait" : "quiet");
    case "opened": {
      const phone = chosenSession(call, known);
      if (phone && !phone.online && phone.online_at) {
        return say(`Page closed ${ago(since(phone.online_at, now))}`, "Ask the caller to tap the link in the text again.", "wait");
      }
      return say("Page is open", "Ask the caller to tap Start video.");
    }
    case "tapped":
    case "permitted":
    case "joined":
    case "first_frame":
    case "ended":
      return asked(call, known, now);
  }
}

/** After the tap: the phone's own questions, and what came of them. */
function asked(call: Call, known: Facts, now: number): Notice {
  const phone = chosenSession(call, known);
  const wrong = trouble(call, phone, undefined, now);
  if (wrong) return say(wrong.time ? `${wrong.title} ${wrong.time}` : wrong.title, wrong.detail, wrong.tone);
  const without = cameraTrouble(phone);
  if (without) return without;
  if (reached(call, "permitted")) return say("Camera allowed", "Picture is coming.");
  return say("Tapped", "The phone is asking for the camera. Tell the caller to tap Allow.");
}

/** No camera: why, what the caller can do, and which help is left without it. */
function cameraTrouble(phone: Session | undefined): Notice | null {
  const given = phone?.permissions.camera;
  if (!given || given.outcome === "granted") return null;
  return say(`Camera: ${outcome(given.outcome)}`, `${cameraHelp(given.outcome)} ${left(phone)}`, "bad");
}
