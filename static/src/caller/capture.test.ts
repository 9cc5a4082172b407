import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Capture, outcomeOf } from "./capture";

class Track {
  readyState = "live";
  muted = false;
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  constructor(readonly kind: "video" | "audio") {}
  stop() {
    this.readyState = "ended";
  }
}

const refusal = (name: string, message = "") => Object.assign(new Error(message), { name });

function stream(constraints: MediaStreamConstraints) {
  const video = constraints.video ? [new Track("video")] : [];
  const audio = constraints.audio ? [new Track("audio")] : [];
  return {
    getVideoTracks: () => video,
    getAudioTracks: () => audio,
    getTracks: () => [...video, ...audio],
  };
}

describe("Capture", () => {
  const asked: string[] = [];
  let told: string[] = [];
  let answer: (constraints: MediaStreamConstraints) => unknown = stream;
  let capture: Capture;

  beforeEach(() => {
    vi.useFakeTimers();
    asked.length = 0;
    told = [];
    answer = stream;
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("document", { visibilityState: "visible" });
    vi.stubGlobal("navigator", {
      mediaDevices: {
        getUserMedia: async (constraints: MediaStreamConstraints) => {
          asked.push(`${constraints.video ? "v" : ""}${constraints.audio ? "a" : ""}`);
          await Promise.resolve();
          const result = answer(constraints);
          if (result instanceof Error) throw result;
          return result;
        },
      },
    });
    capture = new Capture({
      outcome: (what, outcome) => told.push(`${what} ${outcome}`),
      changed: () => undefined,
      paused: (paused) => told.push(paused ? "paused" : "resumed"),
    });
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("asks once for both, in the same tick", async () => {
    const done = capture.start(["camera", "microphone", "position"]);
    expect(asked).toEqual(["va"]);
    await done;
    expect(told).toEqual(["camera granted", "microphone granted"]);
    expect(capture.camera && capture.microphone).toBeTruthy();
  });

  it("asks for each alone when both together fail, camera first", async () => {
    answer = (constraints) => (constraints.audio ? refusal("NotAllowedError") : stream(constraints));
    await capture.start(["camera", "microphone"]);
    expect(asked).toEqual(["va", "v", "a"]);
    expect(told).toEqual(["camera granted", "microphone denied"]);
    expect(capture.camera).not.toBeNull();
  });

  it("says so when the phone never answers, and still takes a late answer", async () => {
    let give: (value: unknown) => void = () => undefined;
    answer = () => new Promise((resolve) => (give = resolve));
    void capture.start(["camera", "microphone"]);
    await vi.advanceTimersByTimeAsync(12_100);
    expect(told).toEqual(["camera timeout", "microphone timeout"]);
    give(stream({ video: true, audio: true }));
    await vi.advanceTimersByTimeAsync(0);
    expect(told.slice(2)).toEqual(["camera granted", "microphone granted"]);
  });

  it("stops what comes after the person has stopped", async () => {
    let give: (value: unknown) => void = () => undefined;
    answer = () => new Promise((resolve) => (give = resolve));
    void capture.start(["camera"]);
    await vi.advanceTimersByTimeAsync(0);
    capture.stop();
    const late = stream({ video: true });
    give(late);
    await vi.advanceTimersByTimeAsync(0);
    expect(late.getTracks()[0]!.readyState).toBe("ended");
    expect(capture.camera).toBeNull();
    expect(told).toEqual([]);
  });

  it("takes an ended camera again once, then leaves it to the person", async () => {
    await capture.start(["camera"]);
    capture.camera!.onended!(new Event("ended"));
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toEqual(["v", "v"]);
    expect(capture.camera).not.toBeNull();
    capture.camera!.onended!(new Event("ended"));
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toEqual(["v", "v"]);
    expect(told.at(-1)).toBe("camera failed");
  });

  it("asks for nothing where the browser has nothing to ask", async () => {
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("isSecureContext", false);
    await capture.start(["camera", "microphone"]);
    expect(told).toEqual(["camera insecure", "microphone insecure"]);
  });

  it("knows refusals by their names", () => {
    expect(outcomeOf(refusal("NotAllowedError", "Permission dismissed"))).toBe("dismissed");
    expect(outcomeOf(refusal("NotAllowedError", "Permission denied"))).toBe("denied");
    expect(outcomeOf(refusal("NotFoundError"))).toBe("absent");
    expect(outcomeOf(refusal("NotReadableError"))).toBe("busy");
    expect(outcomeOf("what")).toBe("failed");
  });
});
