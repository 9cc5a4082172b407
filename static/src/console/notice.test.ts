import { describe, expect, it } from "vitest";
import { notice } from "./notice";
import type { LinkState } from "./roomlink";
import { aCall, aSession, aText, at, PUBLISHER, reachedAt, T0 } from "./samples";
import type { Facts } from "./store";
import type { Call } from "./types";

const NONE: Facts = { texts: [], links: [], sessions: [], events: [], chat: [], requests: [] };

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
    expect(said.detail).toContain("allow the camera");
    expect(said.detail).toContain("Messages work.");
  });

  it("has a next step and what is left for every outcome of the camera", () => {
    const call = aCall({ stages: reachedAt({ tapped: 2 }), publisher: PUBLISHER });
    for (const outcome of ["denied", "dismissed", "timeout", "absent", "busy", "insecure", "unsupported", "failed"] as const) {
      const permissions = { camera: { outcome, at: at(3) }, microphone: { outcome: "granted" as const, at: at(3) } };
      const said = notice(call, { ...NONE, sessions: [aSession({ permissions })] }, "connected", false, T0);
      expect(said.title, outcome).toMatch(/^Camera: \w/);
      expect(said.detail, outcome).toMatch(/ask|tell|have/i);
      expect(said.detail, outcome).toContain("Sound and messages work.");
    }
  });

  it("says that an opened page was closed again", () => {
    const opened = aCall({ stages: reachedAt({ opened: 1 }) });
    const sessions = [aSession({ online: false, online_at: at(3) })];
    expect(title(opened, { sessions }, "connected", false, 9)).toBe("Page closed 6 s ago");
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
    const unwatched = { ...joined, media: { state: "stopped" as const, camera: false, microphone: false }, unwatched_stop: true };
    expect(title(unwatched)).toBe("Video stopped: nobody was watching");
  });

  it("says when nothing is heard of the phone, and what it said last", () => {
    const sessions = [aSession({ online: false, online_at: at(60) })];
    expect(title(joined, { sessions }, "connected", false, 64)).toBe("Phone lost 0:04");
    const away = [{ ...sessions[0]!, conditions: ["hidden" as const] }];
    expect(title(joined, { sessions: away }, "connected", false, 64)).toBe("Phone locked or in another app 0:04");
    const blocked = [aSession({ conditions: ["no_media"] })];
    expect(title(joined, { sessions: blocked })).toBe("Network blocks video");
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
