import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { explain, Talk } from "./talk";
import type { Voice } from "./voice";

/** What the browser and the room do, step by step as the test says. */
class Stage {
  tracks: { enabled: boolean; stopped: boolean; stop(): void; onended: (() => void) | null }[] = [];
  said: string[] = [];
  problems: string[] = [];
  allow: (() => void)[] = [];
  refuse: ((error: unknown) => void)[] = [];
  taken: (() => void)[] = [];

  readonly talk = new Talk({
    microphone: () =>
      new Promise((resolve, reject) => {
        this.refuse.push(reject);
        this.allow.push(() => {
          const track = { enabled: true, stopped: false, onended: null, stop: () => void (track.stopped = true) };
          this.tracks.push(track);
          resolve(track as unknown as MediaStreamTrack);
        });
      }),
    publish: (call) =>
      new Promise<Voice>((resolve) => {
        this.taken.push(() =>
          resolve({
            speak: (on) => this.said.push(`${call} ${on ? "open" : "shut"}`),
            close: () => this.said.push(`${call} gone`),
          }),
        );
      }),
    onProblem: (call, text) => this.problems.push(`${call}: ${text}`),
  });

  /** A first press that lasts until the room has the microphone. */
  async begin(): Promise<void> {
    this.talk.press("a");
    await this.go("allow");
    await this.go("taken");
  }

  async go(what: "allow" | "taken"): Promise<void> {
    this[what].shift()!();
    await settled();
  }
}

const settled = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

let stage: Stage;
beforeEach(() => {
  vi.useFakeTimers();
  stage = new Stage();
});
afterEach(() => vi.useRealTimers());

describe("push-to-talk", () => {
  it("opens with the press and shuts with its end, holding the microphone in between", async () => {
    await stage.begin();
    expect(stage.talk.state.value).toBe("talking");
    stage.talk.release();
    expect(stage.talk.state.value).toBe("held");
    stage.talk.press("a");
    expect(stage.talk.state.value).toBe("talking");
    expect(stage.said).toEqual(["a open", "a shut", "a open"]);
    expect(stage.tracks).toHaveLength(1);
    expect(stage.tracks[0]!.stopped).toBe(false);
  });

  it("asks once however often the key repeats", () => {
    stage.talk.press("a");
    stage.talk.press("a");
    expect(stage.talk.state.value).toBe("opening");
    expect(stage.allow).toHaveLength(1);
  });

  it("lets nothing out when the press ended while the browser asked", async () => {
    stage.talk.press("a");
    stage.talk.release();
    await stage.go("allow");
    expect(stage.tracks[0]!.enabled).toBe(false);
    await stage.go("taken");
    expect(stage.talk.state.value).toBe("held");
    expect(stage.said).toEqual(["a shut"]);
  });

  it("talks at once when pressed again before the room has it", async () => {
    stage.talk.press("a");
    await stage.go("allow");
    stage.talk.release();
    stage.talk.press("a");
    await stage.go("taken");
    expect(stage.talk.state.value).toBe("talking");
    expect(stage.allow).toHaveLength(0);
  });

  it("gives the microphone back a minute after the last press", async () => {
    await stage.begin();
    stage.talk.release();
    vi.advanceTimersByTime(40_000);
    stage.talk.press("a");
    vi.advanceTimersByTime(90_000);
    expect(stage.talk.state.value).toBe("talking");
    stage.talk.release();
    vi.advanceTimersByTime(60_000);
    expect(stage.talk.state.value).toBe("off");
    expect(stage.tracks[0]!.stopped).toBe(true);
    expect(stage.said.at(-1)).toBe("a gone");
  });

  it("is given back with the call, and a press in another call asks anew", async () => {
    await stage.begin();
    stage.talk.press("b");
    expect(stage.tracks[0]!.stopped).toBe(true);
    expect(stage.said).toEqual(["a open", "a gone"]);
    await stage.go("allow");
    await stage.go("taken");
    expect(stage.said.at(-1)).toBe("b open");
  });

  it("ends when its own room is lost, and not with another one", async () => {
    await stage.begin();
    stage.talk.lost("b");
    expect(stage.talk.state.value).toBe("talking");
    stage.talk.lost("a");
    expect(stage.talk.state.value).toBe("off");
    expect(stage.tracks[0]!.stopped).toBe(true);
  });

  it("throws away what comes after it was given back", async () => {
    stage.talk.press("a");
    stage.talk.leave();
    await stage.go("allow");
    expect(stage.tracks[0]!.stopped).toBe(true);
    stage.talk.press("a");
    await stage.go("allow");
    stage.talk.leave();
    await stage.go("taken");
    expect(stage.said).toEqual(["a gone"]);
    expect(stage.talk.state.value).toBe("off");
  });

  it("says why nobody was heard, and can be tried again", async () => {
    stage.talk.press("a");
    stage.refuse.shift()!({ name: "NotAllowedError" });
    await settled();
    expect(stage.talk.state.value).toBe("off");
    expect(stage.problems).toEqual([`a: ${explain({ name: "NotAllowedError" })}`]);
    stage.allow.shift();
    await stage.begin();
    expect(stage.talk.state.value).toBe("talking");
  });

  it("notices that the microphone was unplugged", async () => {
    await stage.begin();
    stage.tracks[0]!.onended!();
    expect(stage.talk.state.value).toBe("off");
    expect(stage.problems[0]).toContain("No microphone");
  });

  it("has its own words for each refusal", () => {
    const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "InsecureContextError", "?"];
    const words = names.map((name) => explain({ name }));
    expect(new Set(words).size).toBe(names.length);
  });
});
