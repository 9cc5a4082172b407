import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Queue } from "./queue";
import type { OutItem, QueueOptions, Receipt } from "./queue";
import { Refusal } from "./server";

interface Sent {
  how: "socket" | "http";
  boot: string;
  items: OutItem[];
}

interface Part extends Partial<QueueOptions> {
  world?: { live?: boolean; stored?: string };
}

function setup(part: Part = {}) {
  const sent: Sent[] = [];
  const refusals: string[] = [];
  const world = {
    live: false,
    stored: "null",
    room: Infinity,
    answer: null as null | Receipt,
    ...part.world,
  };
  const options: QueueOptions = {
    boot: "b1",
    load: () => JSON.parse(world.stored) as ReturnType<QueueOptions["load"]>,
    save: (waiting) => {
      const json = JSON.stringify(waiting);
      if (json.length > world.room) return false;
      world.stored = json;
      return true;
    },
    live: () => world.live,
    send: (boot, items) => {
      if (world.live) sent.push({ how: "socket", boot, items });
      return world.live;
    },
    post: (boot, items) => {
      sent.push({ how: "http", boot, items });
      const acked = items.map((item) => item.client_seq);
      return Promise.resolve(world.answer ?? { acked, refused: [] });
    },
    refused: (boot, item, why) =>
      refusals.push(`${boot === "b1" ? "" : `${boot} `}${item.kind} ${item.client_seq}: ${why.code}`),
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
    const { queue, sent } = setup({ world: { live: true } });
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
    const { queue, sent, world } = setup({ world: { live: true } });
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
    const after = setup({ boot: "b2", world: { stored: world.stored } });
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
    const { queue, sent } = setup({ world: { live: true } });
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

  it("keeps a message below what the server takes in one frame, counted in bytes", async () => {
    const { queue, sent } = setup({ world: { live: true } });
    for (let n = 0; n < 30; n++) queue.add("chat", { text: "\u0645".repeat(2000) });
    queue.open();
    while (queue.size) {
      const last = sent.at(-1)!;
      expect(new TextEncoder().encode(JSON.stringify(last.items)).length).toBeLessThan(14_000);
      queue.take("b1", { acked: last.items.map((item) => item.client_seq), refused: [] });
      await settle();
    }
    const order = sent.flatMap((entry) => entry.items.map((item) => item.client_seq));
    expect(order).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });

  it("takes what no frame can hold to HTTP, so that it is refused and not sent for ever", async () => {
    const { queue, refusals, sent, world } = setup({ world: { live: true } });
    world.answer = { acked: [], refused: [{ client_seq: 1, code: "too_long", message: "…" }] };
    queue.open();
    queue.add("chat", { text: "x".repeat(20_000) });
    await settle();
    expect(sent.map((entry) => entry.how)).toEqual(["http"]);
    expect(refusals).toEqual(["chat 1: too_long"]);
  });

  const texts = (sent: Sent[]) =>
    sent.map(({ how, items }) => [how, ...items.map((item) => item.text)]);

  it("lets no words overtake those that went into a socket that died", async () => {
    const { queue, sent, world } = setup({ world: { live: true } });
    queue.open();
    queue.add("chat", { text: "one" });
    world.live = false; // and nobody says so
    queue.add("chat", { text: "two" });
    await settle();
    expect(texts(sent)).toEqual([
      ["socket", "one"],
      ["http", "one", "two"],
    ]);
    expect(queue.size).toBe(0);
  });

  it("keeps later words back while a post of earlier ones fails", async () => {
    let fails = true;
    const { queue, sent } = setup({
      post: (boot, items) => {
        sent.push({ how: "http", boot, items });
        if (fails) return Promise.reject(new Refusal("offline", 0, ""));
        return Promise.resolve({ acked: items.map((item) => item.client_seq), refused: [] });
      },
    });
    queue.open();
    queue.add("chat", { text: "one" });
    queue.add("chat", { text: "two" }); // while the post of the first is under way
    expect(texts(sent)).toEqual([["http", "one"]]);
    await settle();
    fails = false;
    await vi.advanceTimersByTimeAsync(3000);
    expect(texts(sent)).toEqual([
      ["http", "one"],
      ["http", "one", "two"],
    ]);
    expect(queue.size).toBe(0);
  });

  it("sends everything again, in order, by a socket that comes while HTTP hangs", async () => {
    let answer: (receipt: Receipt) => void = () => undefined;
    const post = () => new Promise<Receipt>((resolve) => (answer = resolve));
    const { queue, sent, world } = setup({ post });
    queue.open();
    queue.add("chat", { text: "one" });
    queue.add("chat", { text: "two" });
    world.live = true;
    queue.flush(true);
    expect(texts(sent)).toEqual([["socket", "one", "two"]]);
    queue.take("b1", { acked: [1, 2], refused: [] });
    answer({ acked: [1], refused: [] }); // the older answer finds nothing to do
    await settle();
    expect(queue.size).toBe(0);
    expect(sent).toHaveLength(1);
  });

  it("waits with words until earlier ones, throttled, are taken", () => {
    const { queue, sent } = setup({ world: { live: true } });
    queue.open();
    queue.add("chat", { text: "one" });
    queue.take("b1", { acked: [], refused: [{ client_seq: 1, code: "throttled", message: "" }] });
    queue.add("chat", { text: "two" });
    queue.add("fix", { at: 1 });
    expect(sent.flatMap((entry) => entry.items.map((item) => item.kind))).toEqual(["chat", "fix"]);
    vi.advanceTimersByTime(7000);
    const last = sent.filter((entry) => entry.items[0]?.kind === "chat").at(-1);
    const words = last?.items.filter((item) => item.kind === "chat");
    expect(words?.map((item) => item.text)).toEqual(["one", "two"]);
  });

  it("sends again what the server neither took nor refused", async () => {
    const { queue, sent, world } = setup();
    world.answer = { acked: [2], refused: [] };
    queue.add("fix", { at: 1 });
    queue.add("chat", { text: "hello" });
    queue.open();
    await settle();
    expect(queue.size).toBe(1);
    world.answer = null;
    await vi.advanceTimersByTimeAsync(7000);
    expect(sent.at(-1)?.items[0]).toMatchObject({ client_seq: 1, kind: "fix" });
    expect(queue.size).toBe(0);
  });

  it("does not depend on a clock that is set back", () => {
    const { queue, sent } = setup({ world: { live: true } });
    queue.open();
    queue.add("chat", { text: "hello" });
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(7000);
    expect(sent.length).toBeGreaterThan(1);
  });

  it("leaves behind what was over with the page that said it", async () => {
    const { queue, world } = setup();
    queue.add("permission", { what: "camera", outcome: "denied" });
    queue.add("media", { state: "live" });
    queue.add("conditions", { names: ["hidden"] });
    queue.add("chat", { text: "hello" });
    const after = setup({ boot: "b2", world: { stored: world.stored } });
    after.queue.hold(true); // its own tap is under way: that holds nothing of the page before
    after.queue.open();
    await settle();
    const kinds = after.sent.flatMap(({ boot, items }) => items.map(({ kind }) => [boot, kind]));
    expect(kinds).toEqual([
      ["b1", "permission"],
      ["b1", "chat"],
    ]);
  });

  it("sends no words by the socket before those of the page before this one are taken", async () => {
    const { queue, world } = setup();
    queue.add("chat", { text: "before the reload" });
    const after = setup({ boot: "b2", world: { live: true, stored: world.stored } });
    after.queue.add("chat", { text: "after it" });
    after.queue.open();
    expect(after.sent.map(({ boot }) => boot)).toEqual(["b1"]);
    after.queue.take("b1", { acked: [1], refused: [] });
    await settle();
    expect(after.sent.map(({ boot }) => boot)).toEqual(["b1", "b2"]);
  });

  it("knows the words that a page before this one wrote, and whose were refused", async () => {
    const { queue, world } = setup();
    queue.add("chat", { text: "hello" });
    const after = setup({ boot: "b2", world: { stored: world.stored } });
    expect(after.queue.words).toEqual([{ key: "b1:1", text: "hello" }]);
    const refused = vi.fn();
    const third = setup({ boot: "b2", world: { stored: world.stored }, refused });
    third.world.answer = { acked: [], refused: [{ client_seq: 1, code: "empty", message: "" }] };
    third.queue.open();
    await settle();
    expect(refused).toHaveBeenCalledWith("b1", expect.anything(), expect.anything());
  });

  it("keeps the words where the phone has no room for all", () => {
    const { queue, world } = setup();
    queue.add("chat", { text: "hello" });
    world.room = 1000;
    for (let n = 0; n < 40; n++) queue.add("fix", { at: n });
    queue.add("chat", { text: "again" });
    const stored = JSON.parse(world.stored) as { item: OutItem }[];
    expect(stored.map(({ item }) => item.text)).toEqual(["hello", "again"]);
    expect(queue.size).toBe(42);
  });

  it("is bounded where the page cannot be heard for hours", () => {
    const { queue } = setup();
    for (let n = 0; n < 1000; n++) queue.add("conditions", { names: n % 2 ? ["hidden"] : [] });
    expect(queue.size).toBeLessThanOrEqual(40);
  });

  it("hands over what is left when the page goes away", () => {
    const { queue } = setup({ world: { live: true } });
    queue.open();
    queue.add("chat", { text: "one" });
    queue.add("chat", { text: "two" });
    const [[boot, items]] = queue.leaving() as [[string, OutItem[]]];
    expect([boot, ...items.map((item) => item.text)]).toEqual(["b1", "one", "two"]);
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
    const { queue, sent } = setup({ world: { live: true } });
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
