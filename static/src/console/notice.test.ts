import { describe, expect, it } from "vitest";
import { notice } from "./notice";
import type { LinkState } from "./roomlink";
import { aCall, aSession, aText, at, PUBLISHER, reachedAt, T0 } from "./samples";
import type { Facts } from "./store";
import type { Call } from "./types";

const NONE: Facts = { texts: [], links: [], sessions: [], events: [], chat: [] };

function title(call: Call, known: Partial<Facts> = {}, link: LinkState = "connected", down = false, seconds = 5): string {
  return notice(call, { ...NONE, ...known }, link, down, T0 + seconds * 1000).title;
}

describe("in place of the picture", () => {
  it("says what is happening, step by step", () => {
    expect(title(aCall())).toBe("Text is on its way");
    expect(title(aCall({ stages: reachedAt({ accepted: 1 }) }))).toBe("Text sent");
    expect(title(aCall({ stages: reachedAt({ delivered: 1 }) }))).toBe("Text delivered");
    expect(title(aCall({ stages: reachedAt({ opened: 1 }) }))).toBe("Page is open");
    expect(title(aCall({ stages: reachedAt({ tapped: 1 }) }))).toBe("Tapped");
    expect(title(aCall({ stages: reachedAt({ permitted: 1 }) }))).toBe("Camera allowed");
  });

  it("gives the next step when it takes long", () => {
    const delivered = aCall({ stages: reachedAt({ delivered: 1 }) });
    const late = notice(delivered, NONE, "connected", false, T0 + 60_000);
    expect(late.tone).toBe("wait");
    expect(late.detail).toContain("Ask the caller");
  });

  it("says why no text arrived, until the page is open by another way", () => {
    const failed = { texts: [aText({ state: "failed", reason: "no credit" })] };
    expect(title(aCall({ stages: reachedAt({ accepted: 1 }) }), failed)).toBe("Text not delivered");
    expect(title(aCall({ stages: reachedAt({ accepted: 1, opened: 3 }) }), failed)).toBe("Page is open");
  });

  it("names a refused camera, and what still works", () => {
    const sessions = [aSession({ permissions: { camera: { outcome: "denied", at: at(3) } } })];
    const said = notice(aCall({ stages: reachedAt({ tapped: 2 }), publisher: PUBLISHER }), { ...NONE, sessions }, "connected", false, T0);
    expect(said.title).toBe("Camera: refused");
    expect(said.detail).toContain("Position and chat still work");
  });

  const joined = aCall({
    stages: reachedAt({ joined: 3 }),
    publisher: PUBLISHER,
    present: true,
    media: { state: "live", camera: true, microphone: true },
  });

  it("tells stopped, paused, gone and coming pictures apart", () => {
    expect(title(joined)).toBe("Picture is coming");
    expect(title({ ...joined, media: { ...joined.media, state: "stopped" } })).toBe("Caller stopped the video");
    expect(title({ ...joined, media: { ...joined.media, state: "paused" } })).toBe("Video paused");
    expect(title({ ...joined, present: false })).toBe("The phone has left");
    expect(title({ ...joined, media: { ...joined.media, camera: false } })).toBe("Sound only");
    expect(title({ ...joined, publisher: null })).toBe("Waiting for a new tap");
    expect(title(joined, {}, "trouble")).toBe("Connecting to video");
  });

  it("says that video is down, whether the feed or the seat says so", () => {
    expect(title(joined, {}, "down")).toBe("Video is down");
    expect(title(joined, {}, "connecting", true)).toBe("Video is down");
  });

  it("says that the link was revoked, and that the call is closed", () => {
    const links = [{ id: "l", call: "a", state: "revoked" as const, created_at: at(0) }];
    expect(title(aCall(), { links })).toBe("Link revoked");
    const closed = notice(aCall({ state: "closed", closed_at: at(1), undo_until: at(601) }), NONE, "ended", false, T0 + 4000);
    expect(closed.title).toBe("Call closed");
    expect(closed.detail).toMatch(/^3 s ago\. Undo is possible until/);
  });
});
