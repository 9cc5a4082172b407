import { describe, expect, it } from "vitest";
import { Model } from "./model";
import type { Entry, Snapshot } from "./model";

function snapshot(part: Partial<Snapshot> = {}): Snapshot {
  return { t: "snapshot", epoch: "e1", seq: 0, now: "", items: [], latest: [], ...part };
}

/** The state as plain data, so that two models can be compared. */
function state(model: Model) {
  const items = [...model.items].flatMap(([kind, bodies]) =>
    [...bodies].map(([id, body]) => `${kind}/${id}=${JSON.stringify(body)}`),
  );
  const latest = [...model.latest].map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return { items: items.sort(), latest: latest.sort(), seq: model.seq };
}

describe("Model", () => {
  it("takes a snapshot and reports everything in it", () => {
    const model = new Model();
    const changes = model.apply(
      snapshot({
        seq: 4,
        items: [{ kind: "call", id: "1", body: { state: "open" } }],
        latest: [{ key: "position:1", version: 2, body: { lat: 1 } }],
      }),
    );
    expect(changes).toEqual([
      { of: "item", kind: "call", id: "1", body: { state: "open" } },
      { of: "latest", key: "position:1", body: { lat: 1 } },
    ]);
    expect(model.get("call", "1")).toEqual({ state: "open" });
    expect(model.last("position:1")).toEqual({ lat: 1 });
  });

  it("reports what a later snapshot no longer has", () => {
    const model = new Model();
    model.apply(
      snapshot({
        items: [{ kind: "call", id: "1", body: {} }],
        latest: [{ key: "position:1", version: 1, body: {} }],
      }),
    );
    expect(model.apply(snapshot({ seq: 9 }))).toEqual([
      { of: "item", kind: "call", id: "1", body: null },
      { of: "latest", key: "position:1", body: null },
    ]);
    expect(state(model)).toEqual({ items: [], latest: [], seq: 9 });
  });

  it("ignores what it has and stops at a gap", () => {
    const model = new Model();
    model.apply(snapshot({ seq: 5 }));
    const entry = (seq: number): Entry => ({ seq, kind: "chat", id: String(seq), body: { seq } });
    expect(model.apply({ t: "entries", entries: [entry(4), entry(5), entry(6)] })).toHaveLength(1);
    expect(model.gap).toBe(false);
    expect(model.apply({ t: "entries", entries: [entry(8)] })).toEqual([]);
    expect(model.gap).toBe(true);
    expect(model.seq).toBe(6);
  });

  it("finds a missing end by the heartbeat, but not in the first one", () => {
    const model = new Model();
    model.apply(snapshot({ seq: 5 }));
    model.apply({ t: "beat", seq: 6, now: "", latest: [] });
    expect(model.gap).toBe(false); // entry 6 may be on its way
    model.apply({ t: "beat", seq: 6, now: "", latest: [] });
    expect(model.gap).toBe(true);
  });

  it("keeps the newer of two latest values in whatever order they come", () => {
    const model = new Model();
    model.apply(snapshot());
    model.apply({ t: "latest", latest: [{ key: "video", version: 7, body: { state: "up" } }] });
    model.apply({ t: "latest", latest: [{ key: "video", version: 6, body: { state: "down" } }] });
    expect(model.last("video")).toEqual({ state: "up" });
    const late = [{ key: "video", version: 6, body: { state: "down" } }];
    model.apply(snapshot({ seq: 1, latest: late }));
    expect(model.last("video")).toEqual({ state: "up" });
    model.apply(snapshot({ epoch: "e2", latest: late })); // a restored database counts anew
    expect(model.last("video")).toEqual({ state: "down" });
  });

  it("snapshot + entries == fresh snapshot, for random interleavings and repeats", () => {
    let seed = 7;
    const random = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % n;
    };
    for (let round = 0; round < 200; round++) {
      const truth = new Model();
      truth.apply(snapshot());
      const log: Entry[] = [];
      const reader = new Model();
      for (let step = 0; step < 40; step++) {
        const body = random(4) === 0 ? null : { v: random(1000) };
        const kind = random(2) ? "call" : "text";
        log.push({ seq: log.length + 1, kind, id: String(random(5)), body });
        truth.apply({ t: "entries", entries: log.slice(-1) });
        const fresh = snapshot({
          seq: log.length,
          items: [...truth.items].flatMap(([of, bodies]) =>
            [...bodies].map(([id, value]) => ({ kind: of, id, body: value })),
          ),
        });
        if (step === 10 || random(25) === 0) reader.apply(fresh);
        else if (reader.epoch !== null && random(2)) {
          // Repeated, overlapping, sometimes with a hole that must not be applied.
          reader.apply({ t: "entries", entries: log.slice(random(log.length)) });
        }
      }
      reader.apply({ t: "entries", entries: log.slice(reader.seq) });
      expect(state(reader)).toEqual(state(truth));
    }
  });
});
