import { describe, expect, it } from "vitest";
import { cameraAsk, said, soundAsk } from "./asks";
import { aCall, aRequest, at, T0 } from "./samples";

const on = aCall({ media: { state: "live", camera: true, microphone: true } });
const off = aCall({ media: { state: "live", camera: false, microphone: false } });
const now = (seconds: number) => T0 + seconds * 1000;

describe("requests to the page", () => {
  it("are for what is not there, or for turning what is", () => {
    expect([soundAsk(on), cameraAsk(on)]).toEqual(["mute", "flip"]);
    expect([soundAsk(off), cameraAsk(off)]).toEqual(["microphone", "camera"]);
  });

  it("show how long they are open", () => {
    expect(said([aRequest()], ["camera", "flip"], off, now(37))).toEqual({ tone: "wait", word: "Asked", time: "0:07" });
    expect(said([aRequest()], ["mute", "microphone"], off, now(37))).toBeNull();
  });

  it("are not open any more once what was asked for is there", () => {
    expect(said([aRequest()], ["camera", "flip"], on, now(37))).toBeNull();
    expect(said([aRequest({ what: "mute" })], ["mute"], off, now(37))).toBeNull();
    expect(said([aRequest({ what: "flip" })], ["flip"], on, now(37))?.word).toBe("Asked");
  });

  it("show what became of them for a moment", () => {
    const answered = (answer: "done" | "declined" | "failed" | "replaced") => [aRequest({ answer, answered_at: at(40) })];
    expect(said(answered("done"), ["camera"], on, now(42))).toEqual({ tone: "good", word: "Done" });
    expect(said(answered("declined"), ["camera"], off, now(42))?.word).toBe("Said no");
    expect(said(answered("failed"), ["camera"], off, now(42))?.word).toBe("Did not work");
    expect(said(answered("replaced"), ["camera"], off, now(42))).toBeNull();
    expect(said(answered("done"), ["camera"], on, now(60))).toBeNull();
  });

  it("show the newest one", () => {
    const both = [aRequest({ answer: "declined", answered_at: at(31) }), aRequest({ id: "r2", at: at(33) })];
    expect(said(both, ["camera"], off, now(34))?.word).toBe("Asked");
  });

  it("say nothing in a closed call", () => {
    expect(said([aRequest()], ["camera"], { ...off, state: "closed" }, now(37))).toBeNull();
  });
});
