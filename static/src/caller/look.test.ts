import { beforeAll, describe, expect, it } from "vitest";
import { english } from "./english";
import type { Live } from "./live";
import { compose } from "./look";
import type { Facts } from "./look";
import { findTrouble } from "./trouble";
import { learn } from "./strings";

beforeAll(() => learn(english));

const facts: Facts = {
  state: "live",
  centre: "New Haven 911",
  again: false,
  resume: false,
  offline: false,
  unwatched: false,
  request: null,
  writing: true,
};

function live(part: Record<string, unknown> = {}): Live {
  const base = {
    on: true,
    up: true,
    down: false,
    asks: ["camera", "microphone", "position"],
    sends: { camera: true, microphone: true },
    paused: false,
    silenced: false,
    outcomes: { camera: "granted", microphone: "granted", position: "granted" },
    camera: null,
    hearsMe: true,
    follows: true,
  };
  return { ...base, ...part } as unknown as Live;
}

const nothing = { camera: false, microphone: false };
const look = (part: Record<string, unknown>, more: Partial<Facts> = {}) => {
  const all = { ...facts, ...more };
  return compose(all, live(part), findTrouble(all, live(part)));
};

describe("compose", () => {
  it("claims only what is so", () => {
    expect(look({}).status).toBe("Live: staff of New Haven 911 can see you and hear you");
    expect(look({ paused: true }).status).toBe("Live: New Haven 911 can hear you");
    expect(look({ sends: { camera: true, microphone: false } }).status).toBe(
      "Live: staff of New Haven 911 can see you",
    );
    expect(look({ sends: nothing }).status).toBe("Connecting…");
    expect(look({ sends: nothing }).sending).toBe(false);
    const refused = { sends: nothing, outcomes: { camera: "denied", microphone: "denied" } };
    expect(look(refused).status).toBe("New Haven 911 sees where you are");
    expect(look({ ...refused, follows: false }).status).toBe("You can write to New Haven 911");
    expect(look({ sends: nothing, asks: ["position"], outcomes: {} }).status).toBe(
      "New Haven 911 sees where you are",
    );
  });

  it("shows one trouble at a time, the one that matters most", () => {
    const camera = { outcomes: { camera: "dismissed", microphone: "granted" }, sends: nothing };
    expect(look(camera).troubleAction).toBe("Try again");
    expect(look(camera, { offline: true }).trouble).toContain("wait for a connection");
    expect(look({ ...camera, up: false }, { offline: true }).trouble).toContain("No connection");
    expect(look({ outcomes: { camera: "absent" } }).troubleAction).toBe("");
    expect(look({ outcomes: { camera: "granted", microphone: "denied" } }).trouble).toContain(
      "Your video goes on",
    );
    expect(look({ on: false }, { state: "ended", offline: true }).trouble).toBe("");
  });

  it("never says error", () => {
    const outcomes = "denied dismissed absent busy timeout insecure unsupported failed".split(" ");
    for (const camera of outcomes) {
      const { trouble } = look({ outcomes: { camera } });
      expect(trouble).not.toBe("");
      expect(trouble.toLowerCase()).not.toContain("error");
    }
  });

  it("names the button by what it does", () => {
    expect(look({ on: false }, { state: "ready" }).startLabel).toBe("Start video");
    expect(look({ on: false }, { state: "ready", resume: true }).startLabel).toBe("Continue");
    expect(look({ on: false }, { state: "taken" }).startLabel).toBe("Use this phone instead");
    expect(look({ on: false }, { state: "stopped" }).placeOff).toBe(true);
  });
});
