import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Queue } from "./queue";
import type { OutItem, QueueOptions, Receipt } from "./queue";
import { Refusal } from "./server";

interface Sent {
  how: "socket" | "http";
  boot: string;
  items: OutItem[];
}

function setup(part: Partial<QueueOptions> & { live?: boolean } = {}) {
  const sent: Sent[] = [];
  const refusals: string[] = [];
  const world = { live: part.live ?? false, stored: "null", answer: null as null | Receipt };
  const options: QueueOptions = {
    boot: "b1",
    load: () => JSON.parse(world.stored) as ReturnType<QueueOptions["load"]>,
    save: (waiting) => void (world.stored = JSON.stringify(waiting)),
    send: (boot, items) => {
      if (world.live) sent.push({ how: "socket", boot, items });
      return world.live;
    },
    post: (boot, items) => {
      sent.push({ how: "http", boot, items });
      const acked = items.map((item) => item.client_seq);
      return Promise.resolve(world.answer ?? { acked, refused: [] });
    },
    refused: (item, why) => refusals.push(`${item.kind} ${item.client_seq}: ${why.code}`),
    ...part,
  };
  return { queue: new Queue(options), options, sent, refusals, world };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe("Queue", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("holds everything until the session is known, then posts it in order", async () => {
    const { queue, sent } = setup();
    queue.add("permission", { what: "camera", outcome: "granted" });
    queue.add("chat", { text: "hello" });
    expect(sent).toEqual([]);
    queue.open();
    await settle();
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      how: "http",
      boot: "b1",
      items: [
        { client_seq: 1, kind: "permission" },
        { client_seq: 2, kind: "chat", text: "hello" },
      ],
    });
    expect(queue.size).toBe(0);
  });

  it("sends again what the socket did not acknowledge, and stops once it is", () => {
    const { queue, sent } = setup({ live: true });
    queue.open();
    queue.add("chat", { text: "hello" });
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(3000);
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(6000);
    expect(sent.length).toBeGreaterThan(1);
    queue.take("b1", { acked: [1], refused: [] });
    const before = sent.length;
    vi.advanceTimersByTime(20000);
    expect(sent).toHaveLength(before);
    expect(queue.size).toBe(0);
  });

  it("turns to HTTP when the socket dies, without waiting for its answer", async () => {
    const { queue, sent, world } = setup({ live: true });
    queue.open();
    queue.add("chat", { text: "hello" });
    world.live = false;
    queue.flush(true);
    await settle();
    expect(sent.map((entry) => entry.how)).toEqual(["socket", "http"]);
    expect(queue.size).toBe(0);
  });

  it("outlives a reload: old items go out under the page load that wrote them", async () => {
    const { queue, world } = setup();
    queue.add("chat", { text: "before the reload" });
    const after = setup({ boot: "b2", load: () => JSON.parse(world.stored) as [] });
    after.queue.add("chat", { text: "after it" });
    after.queue.open();
    await settle();
    await vi.advanceTimersByTimeAsync(2000);
    expect(after.sent.map(({ boot, items }) => [boot, items[0]?.text])).toEqual([
      ["b1", "before the reload"],
      ["b2", "after it"],
    ]);
    expect(after.queue.size).toBe(0);
  });

  it("tells what was refused and keeps the rest", async () => {
    const { queue, refusals, world } = setup();
    world.answer = { acked: [], refused: [{ client_seq: 1, code: "too_long", message: "…" }] };
    queue.add("chat", { text: "x".repeat(3000) });
    queue.add("chat", { text: "short" });
    queue.open();
    await settle();
    expect(refusals).toEqual(["chat 1: too_long"]);
    expect(queue.size).toBe(1);
  });

  it("sends throttled words again later, and lets throttled fixes go", async () => {
    const { queue, refusals, sent, world } = setup();
    const why = { code: "throttled", message: "…" };
    world.answer = { acked: [], refused: [1, 2].map((client_seq) => ({ client_seq, ...why })) };
    queue.add("chat", { text: "hello" });
    queue.add("fix", { at: 1 });
    queue.open();
    await settle();
    expect(queue.size).toBe(1);
    expect(sent).toHaveLength(1);
    world.answer = null;
    await vi.advanceTimersByTimeAsync(8000);
    expect(queue.size).toBe(0);
    expect(refusals).toEqual(["fix 2: throttled"]);
  });

  it("holds what only makes sense after the tap, and nothing else", () => {
    const { queue, sent } = setup({ live: true });
    const kinds = () => sent.flatMap((entry) => entry.items.map((item) => item.kind));
    queue.open();
    queue.hold(true);
    queue.add("permission", { what: "position", outcome: "granted" });
    queue.add("fix", { at: 1 });
    queue.add("media", { state: "live" });
    expect(kinds()).toEqual(["fix"]);
    queue.hold(false);
    expect(kinds()).toEqual(["fix", "permission", "media"]);
  });

  it("keeps a post small enough for one frame", () => {
    const { queue, sent } = setup({ live: true });
    for (let n = 0; n < 30; n++) queue.add("chat", { text: "x".repeat(2000) });
    queue.open();
    expect(JSON.stringify(sent[0]).length).toBeLessThan(40_000);
    vi.advanceTimersByTime(3000);
    expect(sent.flatMap((entry) => entry.items)).toHaveLength(30);
  });

  it("tries for ever where there is no answer, and gives up on a plain no", async () => {
    let answer = new Refusal("offline", 0, "");
    const post = vi.fn(() => Promise.reject(answer));
    const { queue, refusals } = setup({ post });
    queue.add("chat", { text: "hello" });
    queue.open();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(post.mock.calls.length).toBeGreaterThan(5);
    expect(queue.size).toBe(1);
    answer = new Refusal("call_closed", 409, "The call has ended.");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(refusals).toEqual(["chat 1: call_closed"]);
    expect(queue.size).toBe(0);
  });

  it("stamps a fix with the moment it is sent, not the moment it was made", () => {
    const { queue, sent } = setup({ live: true });
    queue.add("fix", { lat: 1, lon: 2, accuracy: 3, at: Date.now() });
    vi.advanceTimersByTime(90_000);
    queue.open();
    expect(sent[0]!.items[0]).toMatchObject({ sent_at: Date.now(), at: Date.now() - 90_000 });
  });

  it("thins out old fixes after hours without a network, never words", () => {
    const { queue, world } = setup();
    queue.add("chat", { text: "hello" });
    for (let n = 0; n < 4000; n++) queue.add("fix", { at: n });
    const stored = JSON.parse(world.stored) as { item: OutItem }[];
    expect(stored.length).toBeLessThan(302);
    expect(stored[0]!.item.kind).toBe("chat");
    expect(stored.at(-1)!.item.at).toBe(3999);
    queue.forget("fix");
    expect(queue.size).toBe(1);
  });
});
