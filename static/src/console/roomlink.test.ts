import type * as LiveKitModule from "livekit-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "./api";
import { RoomLink } from "./roomlink";
import type { LinkDeps, RoomView } from "./roomlink";
import { Rooms } from "./rooms";
import { aCall } from "./samples";
import type { Seat } from "./types";

type Listener = (...args: unknown[]) => void;

/** A room that does what the test says. */
class FakeRoom {
  static made: FakeRoom[] = [];
  static refuse = false;
  remoteParticipants = new Map<string, unknown>();
  left = 0;
  private listeners = new Map<string, Listener[]>();

  constructor() {
    FakeRoom.made.push(this);
  }
  on(event: string, listener: Listener): this {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
    return this;
  }
  once(event: string, listener: Listener): this {
    return this.on(event, listener);
  }
  emit(event: string): void {
    for (const listener of this.listeners.get(event) ?? []) listener();
  }
  connect(): Promise<void> {
    return FakeRoom.refuse ? Promise.reject(new Error("could not connect")) : Promise.resolve();
  }
  disconnect(): Promise<void> {
    this.left++;
    return Promise.resolve();
  }
}

const events = new Proxy({}, { get: (_, name) => String(name) });
const livekit = { Room: FakeRoom, RoomEvent: events, DefaultReconnectPolicy: class {} } as unknown as typeof LiveKitModule;

function person(identity: string, ...sources: string[]) {
  const publications = sources.map((source) => [source, { source, isMuted: false, track: { source } }] as const);
  return { identity, connectionQuality: "good", trackPublications: new Map(publications) };
}

function setUp(seat: () => Promise<Seat>) {
  const views: RoomView[] = [];
  let waits = 0;
  const deps: LinkDeps = {
    load: () => Promise.resolve(livekit),
    seat: vi.fn(seat),
    onView: (_, view) => views.push(view),
    backoff: () => ({
      wait: () => {
        waits++;
        return new Promise((resolve) => setTimeout(resolve));
      },
      wake: () => {},
      reset: () => {},
    }),
  };
  return { deps, views, waits: () => waits, link: new RoomLink("a", deps), last: () => views.at(-1)! };
}

const aSeat = (generation = 1): Seat => ({ url: "ws://x", token: "t", identity: "staff-1", generation });
const settled = async () => {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setTimeout(resolve));
};

afterEach(() => {
  FakeRoom.made = [];
  FakeRoom.refuse = false;
});

describe("a room link", () => {
  it("makes the only caller's picture ready before the tap is heard of, and no other's", async () => {
    const { link, last } = setUp(() => Promise.resolve(aSeat()));
    link.update(1, null);
    await settled();
    const room = FakeRoom.made[0]!;
    room.remoteParticipants.set("staff-2", person("staff-2", "microphone"));
    const first = person("caller-1", "camera", "microphone");
    room.remoteParticipants.set("caller-1", first);
    room.emit("TrackSubscribed");
    const camera = first.trackPublications.get("camera")!.track;
    expect(last()).toMatchObject({ video: null, audio: null, ahead: "caller-1", aheadVideo: camera });
    room.remoteParticipants.set("caller-2", person("caller-2", "camera"));
    room.emit("TrackSubscribed");
    expect(last()).toMatchObject({ video: null, ahead: null, aheadVideo: null });
    link.update(1, "caller-1");
    expect(last()).toMatchObject({ video: camera, ahead: null, aheadVideo: null });
  });

  it("shows the publisher's tracks and nobody else's", async () => {
    const { link, last } = setUp(() => Promise.resolve(aSeat()));
    link.update(1, "caller-1");
    await settled();
    const room = FakeRoom.made[0]!;
    room.remoteParticipants.set("caller-2", person("caller-2", "camera", "microphone"));
    room.emit("TrackSubscribed");
    expect(last()).toMatchObject({ state: "connected", present: false, video: null, audio: null });
    room.remoteParticipants.set("caller-1", person("caller-1", "camera"));
    room.emit("TrackSubscribed");
    expect(last()).toMatchObject({ present: true, video: { source: "camera" }, audio: null });
    link.update(1, "caller-2");
    expect(last().audio).toMatchObject({ source: "microphone" });
    link.update(1, null);
    expect(last()).toMatchObject({ present: false, video: null, audio: null });
    link.stop();
  });

  it("asks for a new seat when the connection is over for good", async () => {
    const { deps, link, last } = setUp(() => Promise.resolve(aSeat()));
    link.update(1, null);
    await settled();
    FakeRoom.made[0]!.emit("Disconnected");
    await settled();
    expect(deps.seat).toHaveBeenCalledTimes(2);
    expect(FakeRoom.made).toHaveLength(2);
    expect(last().state).toBe("connected");
    link.stop();
  });

  it("moves to the next generation at once and leaves the old room", async () => {
    let generation = 1;
    const { link, waits, last } = setUp(() => Promise.resolve(aSeat(generation)));
    link.update(1, null);
    await settled();
    generation = 2;
    link.update(2, null);
    await settled();
    expect(FakeRoom.made).toHaveLength(2);
    expect(FakeRoom.made[0]!.left).toBeGreaterThan(0);
    expect(last()).toMatchObject({ state: "connected", generation: 2 });
    expect(waits()).toBe(0);
    link.update(1, null); // an old message changes nothing
    await settled();
    expect(FakeRoom.made).toHaveLength(2);
    link.stop();
  });

  it("does not sit down in a room the call has left", async () => {
    const answers = [aSeat(1), aSeat(2)];
    const { link, last } = setUp(() => Promise.resolve(answers.shift() ?? aSeat(2)));
    link.update(2, null);
    await settled();
    expect(FakeRoom.made).toHaveLength(1);
    expect(last().generation).toBe(2);
    link.stop();
  });

  it("says that video is down and goes on trying", async () => {
    const { deps, link, views } = setUp(() => Promise.reject(new ApiError(503, "video_down", "Video is down.")));
    link.update(1, null);
    await settled();
    expect(views.some((view) => view.state === "down")).toBe(true);
    expect(vi.mocked(deps.seat).mock.calls.length).toBeGreaterThan(1);
    link.stop();
  });

  it("gives up when the call is closed, and starts again when it is reopened", async () => {
    let open = false;
    const { deps, link, last } = setUp(() => (open ? Promise.resolve(aSeat(2)) : Promise.reject(new ApiError(409, "call_closed", "Closed."))));
    link.update(1, null);
    await settled();
    expect(last().state).toBe("ended");
    expect(deps.seat).toHaveBeenCalledTimes(1);
    open = true;
    link.update(2, null);
    await settled();
    expect(last().state).toBe("connected");
    link.stop();
  });

  it("is silent once stopped, whatever was under way", async () => {
    let answer = (_seat: Seat) => {};
    const { link, last } = setUp(() => new Promise((resolve) => (answer = resolve)));
    link.update(1, null);
    link.stop();
    answer(aSeat());
    await settled();
    expect(FakeRoom.made).toHaveLength(0);
    expect(last().state).toBe("stopped");
  });
});

describe("the rooms", () => {
  it("are exactly those wanted", async () => {
    const { deps } = setUp(() => Promise.resolve(aSeat()));
    const rooms = new Rooms(deps);
    rooms.want([aCall({ id: "a" }), aCall({ id: "b" })]);
    await settled();
    expect(FakeRoom.made).toHaveLength(2);
    rooms.want([aCall({ id: "b" })]);
    await settled();
    expect(FakeRoom.made[0]!.left).toBeGreaterThan(0);
    expect(rooms.view("a")).toBeUndefined();
    expect(rooms.view("b")?.state).toBe("connected");
    expect(deps.seat).toHaveBeenCalledTimes(2);
    rooms.want([]);
  });
});
