import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FrameWatch } from "./frames";
import type { Picture } from "./frames";

type FrameCallback = (now: number, frame: { width: number; height: number }) => void;

let callback: FrameCallback | null;
let hidden: boolean;
let pictures: Picture[];
let video: { dataset: Record<string, string> } & Record<string, unknown>;
let watch: FrameWatch;

beforeEach(() => {
  vi.useFakeTimers();
  callback = null;
  hidden = false;
  pictures = [];
  video = {
    dataset: {},
    requestVideoFrameCallback: (next: FrameCallback) => ((callback = next), 1),
    cancelVideoFrameCallback: () => (callback = null),
  };
  vi.stubGlobal("document", {
    get hidden() {
      return hidden;
    },
    addEventListener: () => {},
    removeEventListener: () => {},
  });
  watch = new FrameWatch(video as unknown as HTMLVideoElement, (picture) => pictures.push(picture));
});

afterEach(() => {
  watch.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function frames(count: number, width: number, height = (width * 9) / 16) {
  for (let i = 0; i < count; i++) {
    vi.advanceTimersByTime(50);
    callback?.(performance.now(), { width, height });
  }
}

const last = () => pictures.at(-1)!;

describe("a watched picture", () => {
  it("is seen with the first camera frame, and every one is counted", () => {
    frames(10, 640);
    expect(pictures[0]).toMatchObject({ seen: true, width: 640, height: 360 });
    expect(video.dataset.frames).toBe("10");
    frames(30, 640);
    expect(last().rate).toBeGreaterThan(15);
  });

  it("is never the placeholder", () => {
    frames(50, 64);
    expect(pictures).toEqual([]);
    expect(video.dataset.frames).toBe("0");
    frames(2, 640);
    expect(last().seen).toBe(true);
    frames(1, 64);
    expect(last()).toMatchObject({ seen: false, frozen: false });
  });

  it("is frozen within two seconds of its last frame, and thaws with the next", () => {
    frames(3, 640);
    vi.advanceTimersByTime(1700);
    expect(video.dataset.frozen).toBe("false");
    vi.advanceTimersByTime(100);
    expect(last().frozen).toBe(true);
    expect(video.dataset.frozen).toBe("true");
    frames(1, 640);
    expect(last().frozen).toBe(false);
    expect(video.dataset.frozen).toBe("false");
  });

  it("is marked in time wherever between two looks its last frame came", () => {
    for (const late of [0, 60, 120, 180, 240]) {
      frames(5, 640);
      vi.advanceTimersByTime(late);
      frames(1, 640);
      vi.advanceTimersByTime(1749);
      expect(video.dataset.frozen, `${late} ms`).toBe("false");
      vi.advanceTimersByTime(2);
      expect(video.dataset.frozen, `${late} ms`).toBe("true");
    }
  });

  it("is slow, not frozen, at one frame a second", () => {
    for (let i = 0; i < 20; i++) {
      frames(1, 640);
      vi.advanceTimersByTime(i % 2 ? 1200 : 700);
    }
    expect(pictures.some((one) => one.frozen)).toBe(false);
  });

  it("is not called frozen where nothing was seen, nor while the page is hidden", () => {
    vi.advanceTimersByTime(5000);
    expect(pictures).toEqual([]);
    frames(1, 640);
    hidden = true;
    vi.advanceTimersByTime(10_000);
    expect(video.dataset.frozen).toBe("false");
  });
});
