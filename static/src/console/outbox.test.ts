import { describe, expect, it, vi } from "vitest";
import { Outbox } from "./outbox";
import { aChat } from "./samples";

function setUp(write: (call: string, text: string, command: string) => Promise<ReturnType<typeof aChat>>) {
  const onChange = vi.fn();
  return new Outbox({ write, explain: (error) => String(error), now: () => 0, onChange });
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("a message on its way", () => {
  it("is shown at once, and until the stream carries it", async () => {
    const box = setUp(() => Promise.resolve(aChat()));
    box.send("a", "Hello");
    expect(box.of("a")).toMatchObject([{ text: "Hello", state: "pending" }]);
    expect(box.of("b")).toEqual([]);
    await settled();
    expect(box.of("a")).toMatchObject([{ state: "sent" }]);
    box.settle([aChat({ key: box.of("a")[0]!.command })]);
    expect(box.of("a")).toEqual([]);
  });

  it("may be carried by the stream before the answer comes", async () => {
    let answer = (_chat: ReturnType<typeof aChat>) => {};
    const box = setUp(() => new Promise((resolve) => (answer = resolve)));
    box.send("a", "Hello");
    box.settle([aChat({ key: box.of("a")[0]!.command })]);
    answer(aChat());
    await settled();
    expect(box.of("a")).toEqual([]);
  });

  it("that failed keeps its words and its reason, and goes again under the same command", async () => {
    const write = vi.fn<(call: string, text: string, command: string) => Promise<ReturnType<typeof aChat>>>();
    write.mockRejectedValueOnce("no network").mockResolvedValueOnce(aChat());
    const box = setUp(write);
    box.send("a", "Hello");
    await settled();
    const draft = box.of("a")[0]!;
    expect(draft).toMatchObject({ state: "failed", problem: "no network", text: "Hello" });
    box.retry(draft.command);
    box.retry(draft.command); // an impatient second press does nothing
    await settled();
    expect(write.mock.calls.map((call) => call[2])).toEqual([draft.command, draft.command]);
    expect(box.of("a")).toMatchObject([{ state: "sent", problem: null }]);
  });

  it("can be thrown away", async () => {
    const box = setUp(() => Promise.reject(new Error("no")));
    box.send("a", "Hello");
    await settled();
    box.drop(box.of("a")[0]!.command);
    expect(box.of("a")).toEqual([]);
  });
});
