import { beforeEach, describe, expect, it } from "vitest";
import { Model } from "../shared/feed";
import { Parts } from "./parts";
import type { Verdicts } from "./parts";
import { videoDown } from "./store";

let now = 0;
let answers: (Verdicts | null)[] = [];
let asked = 0;
let parts: Parts;
const failing = () => [...parts.failing.value].sort().join(" ");
/** Half a second at a time, as the desk does. */
async function pass(ms: number) {
  for (const end = now + ms; now < end; ) {
    now += 500;
    await parts.tick();
  }
}

beforeEach(() => {
  now = asked = 0;
  answers = [];
  parts = new Parts(
    () => {
      asked++;
      return Promise.resolve(answers.length > 1 ? answers.shift()! : (answers[0] ?? null));
    },
    () => now,
  );
});

describe("which parts fail", () => {
  it("is said at once, and taken back when it has worked for two heartbeats", () => {
    parts.told({ redis: true, worker: false });
    expect(failing()).toBe("worker");
    now += 2000;
    parts.told({ redis: true, worker: true });
    expect(failing()).toBe("worker");
    now += 2000;
    parts.told({ redis: true, worker: true });
    expect(failing()).toBe("");
  });

  it("does not flicker: what fails in between begins its good time anew", () => {
    const told = [false, true, false, true];
    for (const worker of told) {
      parts.told({ worker });
      expect(failing()).toBe("worker");
      now += 2000;
    }
    parts.told({ worker: true });
    expect(failing()).toBe("");
  });

  it("changes nothing, and so announces nothing, while it stays the same", () => {
    parts.told({ redis: false });
    const before = parts.failing.value;
    now += 2000;
    parts.told({ redis: false });
    expect(parts.failing.value).toBe(before);
  });

  it("does not blame what is not known", () => {
    parts.told({ redis: false, beat: null, media: null });
    expect(failing()).toBe("redis");
  });
});

describe("a silent stream", () => {
  it("has the server asked, which says that its database is away", async () => {
    parts.told({ db: true });
    answers = [{ db: false, worker: null }];
    await pass(2500);
    expect(asked).toBe(0);
    await pass(500);
    expect(failing()).toBe("db");
    await pass(3000);
    expect(asked).toBeLessThanOrEqual(4);
    answers = [{ db: true, worker: true }];
    await pass(1000);
    parts.told({ db: true });
    now += 2000;
    parts.told({ db: true });
    expect(failing()).toBe("");
    const before = asked;
    await pass(2000);
    expect(asked).toBe(before);
  });

  it("says nothing where nobody answers: then the connection is lost", async () => {
    parts.told({ db: true });
    await pass(6000);
    expect(asked).toBeGreaterThan(1);
    expect(failing()).toBe("");
  });

  it("of a server that never told is not asked about", async () => {
    await pass(10_000);
    expect(asked).toBe(0);
  });
});

describe("video", () => {
  const model = (...latest: { key: string; version: number; body: object }[]) => {
    const made = new Model();
    made.apply({ t: "latest", latest: latest as never });
    return made;
  };
  const row = (state: string) => ({ key: "video", version: 1, body: { state, since: null } });
  const seen = (media: boolean | null) => ({ key: "health", version: 1, body: { parts: { media } } });

  it("is down as the server sees it now, else as the database has it", () => {
    expect(videoDown(model(row("up"), seen(false)))).toBe(true);
    expect(videoDown(model(row("down"), seen(true)))).toBe(false);
    expect(videoDown(model(row("down"), seen(null)))).toBe(true);
    expect(videoDown(model(row("down")))).toBe(true);
    expect(videoDown(model())).toBe(false);
  });
});
