import { describe, expect, it } from "vitest";
import { aCall, aSession, aText, at, PUBLISHER, reachedAt, T0 } from "./samples";
import { hadPicture, permissions, stageWord, steps, textTrouble } from "./stages";

const now = (seconds: number) => T0 + seconds * 1000;
const states = (call: Parameters<typeof steps>[0]) => steps(call).map((step) => step.state);

describe("the five steps", () => {
  it("wait for the next one only", () => {
    expect(states(aCall())).toEqual(["now", "todo", "todo", "todo", "todo"]);
    expect(states(aCall({ stages: reachedAt({ requested: 0, accepted: 1 }) }))).toEqual(["done", "now", "todo", "todo", "todo"]);
  });

  it("count as done when a later stage proves them", () => {
    const stages = reachedAt({ requested: 0, opened: 9 });
    expect(states(aCall({ stages }))).toEqual(["done", "done", "done", "now", "todo"]);
  });

  it("mark the failed one with its reason, and nothing waits behind it", () => {
    const stages = { ...reachedAt({ requested: 0, accepted: 1 }), delivered: { at: null, failed: "unknown subscriber" } };
    const all = steps(aCall({ stages }));
    expect(all.map((step) => step.state)).toEqual(["done", "failed", "todo", "todo", "todo"]);
    expect(all[1]!.reason).toBe("unknown subscriber");
  });

  it("take a failure back when the stage was reached after all", () => {
    const stages = { ...reachedAt({ requested: 0, accepted: 1 }), delivered: { at: at(9), failed: null } };
    expect(states(aCall({ stages }))).toEqual(["done", "done", "now", "todo", "todo"]);
  });

  it("wait for nothing in a closed call", () => {
    expect(states(aCall({ state: "closed" }))).not.toContain("now");
  });
});

describe("the word on the board", () => {
  const live = aCall({
    stages: reachedAt({ requested: 0, accepted: 1, opened: 5, tapped: 8, permitted: 9, joined: 10, first_frame: 11 }),
    publisher: PUBLISHER,
    present: true,
    media: { state: "live", camera: true, microphone: true },
  });

  it("follows the funnel", () => {
    expect(stageWord(aCall(), now(1)).word).toBe("Sending");
    expect(stageWord(aCall({ stages: reachedAt({ accepted: 1 }) }), now(2)).word).toBe("Sent");
    expect(stageWord(aCall({ stages: reachedAt({ tapped: 1 }) }), now(2)).word).toBe("Tapped");
    expect(stageWord(live, now(12))).toMatchObject({ word: "Live", tone: "good" });
  });

  it("turns to waiting by itself when nothing happens", () => {
    const sent = aCall({ stages: reachedAt({ accepted: 1 }) });
    expect(stageWord(sent, now(10)).tone).toBe("quiet");
    expect(stageWord(sent, now(40))).toMatchObject({ word: "Sent", tone: "wait", note: "not delivered yet" });
  });

  it("tells live pictures from frozen, stopped, paused and gone ones", () => {
    expect(stageWord(live, now(12), undefined, "frozen").word).toBe("Frozen");
    expect(stageWord({ ...live, media: { state: "stopped", camera: false, microphone: false } }, now(12)).word).toBe("Stopped");
    expect(stageWord({ ...live, media: { ...live.media, state: "paused" } }, now(12)).word).toBe("Paused");
    expect(stageWord({ ...live, present: false }, now(12)).word).toBe("Gone");
    expect(stageWord({ ...live, media: { ...live.media, camera: false } }, now(12)).word).toBe("Sound only");
  });

  it("tells a lost phone by its silence, but never while its picture moves", () => {
    const silent = aSession({ online: false, online_at: at(20) });
    expect(stageWord(live, now(24), silent, "frozen")).toMatchObject({ word: "Lost", note: "no answer 0:04" });
    expect(stageWord(live, now(24), silent, "moving").word).toBe("Live");
    expect(stageWord({ ...live, present: false }, now(24), silent, "moving").word).toBe("Live");
    expect(stageWord(live, now(24), { ...silent, conditions: ["hidden"] })).toMatchObject({ word: "Away", tone: "bad" });
    const older = { ...silent, id: "another device" };
    expect(stageWord(live, now(24), older, "frozen").word).toBe("Frozen");
  });

  it("is an alarm while nobody watches, and says why the video stopped", () => {
    const alarm = { ...live, unwatched: { since: at(0), stops_at: at(60) } };
    expect(stageWord(alarm, now(18))).toEqual({ word: "Unwatched", tone: "bad", note: "stops in 0:42" });
    const stopped = { ...live, media: { state: "stopped" as const, camera: false, microphone: false }, unwatched_stop: true };
    expect(stageWord(stopped, now(70)).note).toBe("nobody watched");
  });

  it("waits for a new tap after an undone close, whatever was reached before", () => {
    const again = { ...live, publisher: null, present: false, media: { state: "none" as const, camera: false, microphone: false } };
    expect(hadPicture(again)).toBe(true);
    expect(stageWord(again, now(12))).toMatchObject({ word: "Waiting", note: "for a new tap" });
  });

  it("says that the camera was refused, though position was allowed", () => {
    const session = aSession({ permissions: { camera: { outcome: "denied", at: at(9) }, position: { outcome: "granted", at: at(9) } } });
    const call = aCall({ stages: reachedAt({ accepted: 1, opened: 5, tapped: 8, permitted: 9 }), publisher: PUBLISHER, present: true });
    expect(stageWord(call, now(10), session)).toMatchObject({ word: "No camera", tone: "bad", note: "refused" });
  });

  it("of a closed call is Closed", () => {
    expect(stageWord({ ...live, state: "closed" }, now(12)).word).toBe("Closed");
  });
});

describe("text trouble", () => {
  it("is what the newest text came to", () => {
    expect(textTrouble(aCall(), [aText({ state: "failed", reason: "no credit" }), aText()])).toBeNull();
    expect(textTrouble(aCall(), [aText({ state: "failed", reason: "no credit" })])?.reason).toBe("no credit");
    expect(textTrouble(aCall(), [aText({ state: "unknown" })])?.title).toBe("Text may not have gone out");
    const refused = aCall({ stages: { requested: { at: at(0), failed: null }, accepted: { at: null, failed: "no credit" } } });
    expect(textTrouble(refused, [aText({ state: "failed", reason: "no credit" })])?.title).toBe("Text not sent");
  });
});

describe("permissions", () => {
  it("always have their three places", () => {
    expect(permissions(undefined).map((one) => one.note)).toEqual(["not asked yet", "not asked yet", "not asked yet"]);
    const session = aSession({ permissions: { microphone: { outcome: "absent", at: at(9) } } });
    expect(permissions(session)[1]).toEqual({ word: "Microphone", tone: "bad", note: "none on this phone" });
  });
});
