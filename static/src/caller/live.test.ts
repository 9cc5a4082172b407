import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Live } from "./live";

class Track {
  readyState = "live";
  constructor(readonly kind: "video" | "audio") {}
  stop() {
    this.readyState = "ended";
  }
}

const settled = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

describe("Live", () => {
  let answer: (() => void)[];
  let kept: boolean[];
  let told: string[];
  let live: Live;

  beforeEach(() => {
    answer = [];
    kept = [];
    told = [];
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("Audio", class {});
    vi.stubGlobal("document", { visibilityState: "visible", getElementById: () => null });
    vi.stubGlobal("navigator", {
      mediaDevices: {
        enumerateDevices: () => Promise.resolve([]),
        getUserMedia: () =>
          new Promise((resolve) => {
            const video = [new Track("video")];
            const audio = [new Track("audio")];
            answer.push(() =>
              resolve({ getVideoTracks: () => video, getAudioTracks: () => audio, getTracks: () => [...video, ...audio] }),
            );
          }),
      },
    });
    live = new Live({
      seat: () => Promise.reject(new Error("none")),
      refused: () => undefined,
      permission: () => undefined,
      fix: () => undefined,
      conditions: (names) => told.push(names.join()),
      media: () => undefined,
      muted: (muted) => kept.push(muted),
      changed: () => undefined,
    });
    live.startAudio = () => undefined;
  });
  afterEach(() => vi.unstubAllGlobals());

  const tap = async (muted = false) => {
    live.start(["camera", "microphone"], muted);
    answer.shift()!();
    await settled();
  };

  it("keeps off a microphone that the phone gives after it was muted", async () => {
    live.start(["camera", "microphone"]);
    live.hush();
    answer.shift()!();
    await settled();
    expect(live.camera).not.toBeNull();
    expect([live.hearsMe, live.hushed]).toEqual([false, true]);
    await live.toggleMicrophone();
    expect([live.hearsMe, live.hushed]).toEqual([true, false]);
  });

  it("turns no microphone on with a tap that mends the camera, or with a reload", async () => {
    await tap();
    expect(live.hearsMe).toBe(true);
    await live.toggleMicrophone();
    await tap(); // "Try again"
    expect(live.hearsMe).toBe(false);
    expect(kept.at(-1)).toBe(true);
    live.stop("video");
    await tap(); // a new beginning
    expect(live.hearsMe).toBe(true);
    expect(kept.at(-1)).toBe(false);
    live.stop("video");
    await tap(true); // what the page before this one kept
    expect(live.hearsMe).toBe(false);
  });

  it("says that all is well once, for the page before it may have said otherwise", () => {
    live.incapable = false;
    live.tell({ hidden: false });
    live.tell({ socketless: false });
    expect(told).toEqual([""]);
  });
});
