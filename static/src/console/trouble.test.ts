import { describe, expect, it } from "vitest";
import type { ConditionName } from "../shared/protocol";
import { alarms } from "./alarm";
import { left, noPosition } from "./help";
import { aCall, aSession, at, PUBLISHER, T0 } from "./samples";
import { silentSince, slowWays, trouble } from "./trouble";

const live = aCall({ publisher: PUBLISHER, present: true, media: { state: "live", camera: true, microphone: true } });
const heard = (...conditions: ConditionName[]) => aSession({ conditions });

describe("what is wrong", () => {
  it("is nothing while all is well, before a tap, or after the end", () => {
    expect(trouble(live, aSession(), "moving", T0)).toBeNull();
    expect(trouble({ ...live, publisher: null }, heard("no_media"), undefined, T0)).toBeNull();
    expect(trouble({ ...live, state: "closed" }, heard("no_media"), undefined, T0)).toBeNull();
  });

  it("is a silent phone first, unless its picture moves", () => {
    const silent = aSession({ online: false, online_at: at(10), conditions: ["picture_black"] });
    expect(trouble(live, silent, "frozen", T0 + 14_000)).toMatchObject({ title: "Phone lost", time: "0:04" });
    expect(trouble(live, silent, "moving", T0 + 14_000)).toMatchObject({ title: "Black picture" });
    expect(silentSince(live, silent, undefined)).toBe(at(10));
  });

  it("is what the page says, where the picture does not say otherwise", () => {
    expect(trouble(live, heard("hidden"), "frozen", T0)?.title).toBe("Page not in front");
    expect(trouble(live, heard("hidden"), "moving", T0)).toBeNull();
    expect(trouble(live, heard("picture_black"), "moving", T0)?.title).toBe("Black picture");
    expect(trouble(live, heard("picture_frozen"), "frozen", T0)?.title).toBe("Camera stands still");
    expect(trouble(live, heard("camera_paused"), undefined, T0)?.title).toBe("Camera paused by the phone");
  });

  it("says without a picture what still works", () => {
    const session = { ...heard("no_webrtc"), permissions: { position: { outcome: "granted" as const, at: at(1) } } };
    expect(trouble(live, session, undefined, T0)?.detail).toContain("Position and messages work.");
  });

  it("is not a slow way: those are quiet", () => {
    expect(trouble(live, heard("tcp", "no_socket"), "moving", T0)).toBeNull();
    expect(slowWays(heard("tcp", "no_socket")).map((one) => one.word)).toEqual(["TCP", "Messages up to 3 s later"]);
  });
});

describe("what is left", () => {
  it("is counted from sound to words", () => {
    const given = { outcome: "granted" as const, at: at(1) };
    expect(left(aSession({ permissions: { microphone: given, position: given } }))).toBe("Sound, position and messages work.");
    expect(left(undefined)).toBe("Messages work.");
  });

  it("without a position is to ask", () => {
    const refused = aSession({ permissions: { position: { outcome: "denied", at: at(1) } } });
    expect(noPosition(refused, true)).toBe("Position refused · ask where they are");
    expect(noPosition(undefined, true)).toBe("No position yet");
    expect(noPosition(refused, false)).toBe("No position was sent");
  });
});

describe("alarms", () => {
  it("are the open calls that nobody watches, most urgent first", () => {
    const until = (id: string, seconds: number) => ({ ...live, id, unwatched: { since: at(0), stops_at: at(seconds) } });
    const found = alarms([until("late", 90), live, until("soon", 60), { ...until("closed", 1), state: "closed" }]);
    expect(found.map((one) => one.call)).toEqual(["soon", "late"]);
  });
});
