import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FeedSocket } from "./feed";
import type { Change } from "./feed";

class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly url: string;
  constructor(url: URL) {
    this.url = String(url);
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close() {
    this.readyState = 3;
  }
  open() {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }
  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
const world = new EventTarget();
const last = () => FakeSocket.all.at(-1)!;
const base = { epoch: "e", now: "2026-01-01T00:00:00.000Z", items: [], latest: [] };

describe("FeedSocket", () => {
  let feed: FeedSocket;
  const statuses: string[] = [];
  let changes: Change[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.all = [];
    statuses.length = 0;
    changes = [];
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("document", page);
    vi.stubGlobal("location", { href: "https://example.test/console/" });
    vi.stubGlobal("addEventListener", world.addEventListener.bind(world));
    vi.stubGlobal("removeEventListener", world.removeEventListener.bind(world));
    feed = new FeedSocket({
      url: "/ws",
      hello: { stream: "call", boot: "b" },
      onChange: (_model, list) => changes.push(...list),
      onStatus: (status, detail) => statuses.push(`${status} ${detail}`.trim()),
    });
    feed.start();
  });

  afterEach(() => {
    feed.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("says hello, then says what it knows when it comes back", () => {
    expect(last().url).toBe("wss://example.test/ws");
    last().open();
    expect(last().sent).toEqual([{ t: "hello", v: 1, stream: "call", boot: "b" }]);
    expect(feed.send({ t: "items" })).toBe(false); // nothing heard yet
    last().say({ t: "snapshot", seq: 3, ...base, items: [{ kind: "k", id: "1", body: {} }] });
    expect(statuses).toEqual(["live"]);
    expect(changes).toHaveLength(1);
    expect(feed.send({ t: "items" })).toBe(true);
    last().onclose?.();
    vi.advanceTimersByTime(600);
    expect(FakeSocket.all).toHaveLength(2);
    last().open();
    expect(last().sent[0]).toMatchObject({ epoch: "e", last_seq: 3 });
  });

  it("says lost after 5 s of silence, tries for ever, and is live again at once", () => {
    last().open();
    last().say({ t: "snapshot", seq: 3, ...base });
    vi.advanceTimersByTime(4500);
    expect(statuses).toEqual(["live"]);
    vi.advanceTimersByTime(1100);
    expect(statuses.at(-1)).toBe("lost silent");
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.all.length).toBeGreaterThan(5);
    expect(statuses.filter((text) => text.startsWith("lost"))).toHaveLength(1);
    world.dispatchEvent(new Event("online")); // an attempt is now under way
    last().open();
    last().say({ t: "beat", seq: 3, now: base.now, latest: [] });
    expect(statuses.at(-1)).toBe("live");
  });

  it("joins again at a gap", () => {
    last().open();
    last().say({ t: "snapshot", seq: 3, ...base });
    last().say({ t: "entries", entries: [{ seq: 5, kind: "k", id: "1", body: {} }] });
    expect(FakeSocket.all).toHaveLength(2);
    last().open();
    expect(last().sent[0]).toMatchObject({ last_seq: 3 });
  });

  it("comes back at once when the network or the page does", () => {
    last().open();
    last().say({ t: "snapshot", seq: 3, ...base });
    last().onclose?.();
    world.dispatchEvent(new Event("online"));
    expect(FakeSocket.all).toHaveLength(2);
  });

  it("ends where the server says there is no use in trying", () => {
    last().open();
    last().say({ t: "bye", code: "not_found", message: "No such call.", retry: false });
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(statuses).toEqual(["lost not_found"]);
  });

  it("comes back when a restarting server asks it to, and says nothing of it", () => {
    last().open();
    last().say({ t: "snapshot", v: 1, seq: 3, ...base });
    last().say({ t: "bye", code: "restart", message: "Connecting again.", retry: true, after: 1000 });
    vi.advanceTimersByTime(990);
    expect(FakeSocket.all).toHaveLength(1);
    vi.advanceTimersByTime(20);
    expect(FakeSocket.all).toHaveLength(2);
    last().onclose?.(); // the next process does not listen yet
    vi.advanceTimersByTime(600);
    expect(FakeSocket.all).toHaveLength(3);
    last().open();
    expect(last().sent[0]).toMatchObject({ epoch: "e", last_seq: 3 });
    last().say({ t: "entries", v: 1, seq: 3, entries: [] });
    expect(statuses).toEqual(["live"]);
  });

  it("speaks of a restart that takes longer than a moment", () => {
    last().open();
    last().say({ t: "snapshot", v: 1, seq: 3, ...base });
    last().say({ t: "bye", code: "restart", message: "Connecting again.", retry: true, after: 500 });
    vi.advanceTimersByTime(2900);
    expect(statuses).toEqual(["live"]);
    vi.advanceTimersByTime(700);
    expect(statuses).toEqual(["live", "connecting closed"]);
    vi.advanceTimersByTime(2500);
    expect(statuses).toEqual(["live", "connecting closed", "lost silent"]);
  });

  it("works with a server of the release before this one", () => {
    // What such a server says, word for word: no versions, and a heartbeat with every last value.
    const older = [
      { t: "snapshot", epoch: "e", seq: 1, now: base.now, items: [{ kind: "call", id: "1", body: { n: 1 } }], latest: [] },
      { t: "beat", seq: 1, now: base.now, latest: [] },
      { t: "entries", entries: [{ seq: 2, kind: "call", id: "1", body: { n: 2 } }] },
      { t: "latest", latest: [{ key: "position:1", version: 4, body: { lat: 1 } }] },
      { t: "beat", seq: 2, now: base.now, latest: [{ key: "position:1", version: 4, body: { lat: 1 } }] },
      { t: "bye", code: "too_slow", message: "Starting afresh.", retry: true },
    ];
    last().open();
    for (const message of older) last().say(message);
    expect(feed.version).toBe(0);
    expect(feed.model.get("call", "1")).toEqual({ n: 2 });
    expect(feed.model.last("position:1")).toEqual({ lat: 1 });
    last().onclose?.();
    vi.advanceTimersByTime(600);
    last().open();
    last().say({ t: "entries", seq: 3, entries: [{ seq: 3, kind: "call", id: "1", body: { n: 3 } }] });
    expect(feed.model.get("call", "1")).toEqual({ n: 3 });
    last().say({ t: "snapshot", v: 1, ...base, seq: 5 });
    expect(feed.version).toBe(1);
  });

  it("takes a snapshot at any time, and no notice of what it does not know", () => {
    last().open();
    last().say({ t: "snapshot", v: 2, seq: 3, ...base, items: [{ kind: "k", id: "1", body: {}, new: 1 }], more: [] });
    for (const strange of [{ t: "dance" }, { t: 7 }, {}, [], { t: "refused", code: "unknown_message", message: "?" }]) {
      last().say(strange);
    }
    last().onmessage?.({ data: "null" });
    last().onmessage?.({ data: "{" });
    last().say({ t: "snapshot", v: 2, ...base, seq: 9, items: [{ kind: "k", id: "2", body: {} }] });
    expect(feed.model.get("k", "1")).toBeUndefined();
    expect(feed.model.get("k", "2")).toEqual({});
    expect(statuses).toEqual(["live"]);
  });

  it("knows the server's time by the message that travelled least", () => {
    const skew = 5_000_000;
    const stamp = (late: number) => new Date(Date.now() + skew - late).toISOString();
    last().open();
    last().say({ t: "snapshot", seq: 1, ...base, now: stamp(900) });
    last().say({ t: "beat", seq: 1, now: stamp(40), latest: [] });
    last().say({ t: "beat", seq: 1, now: stamp(2000), latest: [] });
    expect(Math.abs(feed.now() - (Date.now() + skew))).toBeLessThan(50);
  });
});
