import { describe, expect, it } from "vitest";
import { Model } from "../shared/feed";
import { aCall, aChat, aSession, at, PUBLISHER, T0 } from "./samples";
import { board, facts, seats, session, timeline, undoable } from "./store";
import type { Call, CallEvent } from "./types";

const now = T0 + 600_000;
const ids = (calls: Call[]) => calls.map((call) => call.id).join(" ");
const closed = (id: string, seconds = 500) =>
  aCall({ id, state: "closed", opened_at: at(1), closed_at: at(seconds), undo_until: at(seconds + 600) });

function event(change: Partial<CallEvent>): CallEvent {
  return { id: "e1", call: "a", kind: "call.opened", at: at(0), actor: { kind: "staff", name: "R. Okafor" }, text: "Call opened", data: {}, ...change };
}

function model(...items: { kind: string; body: { id: string } }[]): Model {
  const made = new Model();
  made.apply({
    t: "snapshot",
    epoch: "e",
    seq: 1,
    now: at(0),
    items: items.map(({ kind, body }) => ({ kind, id: body.id, body: { ...body } })),
    latest: [],
  });
  return made;
}

describe("the board", () => {
  const first = aCall({ id: "1", opened_at: at(10) });
  const second = aCall({ id: "2", opened_at: at(20) });
  const third = aCall({ id: "3", opened_at: at(30) });

  it("shows open calls oldest first, so that a new one pushes nothing down", () => {
    expect(ids(board([third, first, second], now).open)).toBe("1 2 3");
  });

  it("keeps closed calls as long as closing can be undone", () => {
    expect(ids(board([first, closed("x")], now).closed)).toBe("x");
    expect(undoable(closed("x"), T0 + 1_100_001)).toBe(false);
    expect(board([closed("x")], T0 + 1_100_001).closed).toEqual([]);
  });

  it("moves no row while the list is held: closed ones stay, new ones go last", () => {
    const fourth = aCall({ id: "4", opened_at: at(5) }); // opened earlier, heard of later
    const held = board([first, closed("2"), third, fourth], now, ["1", "2", "3"]);
    expect(ids(held.open)).toBe("1 2 3 4");
    expect(held.closed).toEqual([]);
    const released = board([first, closed("2"), third, fourth], now);
    expect(ids(released.open)).toBe("4 1 3");
    expect(ids(released.closed)).toBe("2");
  });

  it("forgets a held row that is gone altogether", () => {
    expect(ids(board([first, third], now, ["1", "2", "3"]).open)).toBe("1 3");
  });
});

describe("facts of a call", () => {
  it("are its own only, oldest first", () => {
    const source = model(
      { kind: "chat", body: aChat({ id: "late", at: at(30) }) },
      { kind: "chat", body: aChat({ id: "early", at: at(10) }) },
      { kind: "chat", body: aChat({ id: "other", call: "b" }) },
    );
    expect(facts(source, "a").chat.map((one) => one.id)).toEqual(["early", "late"]);
  });

  it("become one timeline, in which a message is shown once", () => {
    const source = model(
      { kind: "event", body: event({ id: "1", at: at(0) }) },
      { kind: "event", body: event({ id: "2", at: at(20), kind: "chat.caller", text: "Message from caller" }) },
      { kind: "chat", body: aChat({ at: at(20) }) },
      { kind: "event", body: event({ id: "3", at: at(25), kind: "media.live" }) },
    );
    expect(timeline(facts(source, "a")).map((entry) => entry.id)).toEqual(["e1", "cc1", "e3"]);
  });

  it("name the publisher's phone, else the newest", () => {
    const known = facts(model({ kind: "session", body: aSession() }, { kind: "session", body: aSession({ id: "s2", opened_at: at(90) }) }), "a");
    expect(session(aCall(), known)?.id).toBe("s2");
    expect(session(aCall({ publisher: PUBLISHER }), known)?.id).toBe("s1");
  });
});

describe("seats", () => {
  const calls = [1, 2, 3, 4, 5].map((n) => aCall({ id: String(n), opened_at: at(n) }));
  const foreign = aCall({ id: "f", owner: { id: 2, name: "L. Brandt" } });

  it("are taken in the chosen call and in the newest of one's own, four at most", () => {
    expect(ids(seats([...calls, foreign], 1, "2"))).toBe("2 5 4 3");
    expect(ids(seats([...calls, foreign], 1, "f"))).toBe("f 5 4 3");
  });

  it("are never taken in closed calls, nor in calls of others that are not looked at", () => {
    expect(ids(seats([closed("x"), foreign], 1, "x"))).toBe("");
  });
});
