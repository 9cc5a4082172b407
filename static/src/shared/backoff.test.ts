import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loaded } from "./backoff";

describe("loaded", () => {
  let reloads: number;
  let server: boolean;

  beforeEach(() => {
    vi.useFakeTimers();
    reloads = 0;
    server = true;
    const kept = new Map<string, string>();
    vi.stubGlobal("location", { pathname: "/demo", reload: () => void reloads++ });
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    });
    vi.stubGlobal("fetch", () => (server ? Promise.resolve({ ok: true }) : Promise.reject(new Error("offline"))));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("asks again where that helps", async () => {
    const part = vi.fn().mockRejectedValueOnce(new Error("lost")).mockResolvedValue("there");
    const had = loaded(part);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await had).toBe("there");
    expect(reloads).toBe(0);
  });

  it("begins anew where the browser remembers the failure, and only when the server answers", async () => {
    server = false;
    void loaded(() => Promise.reject(new Error("remembered")));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(reloads).toBe(0);
    server = true;
    await vi.advanceTimersByTimeAsync(6000);
    expect(reloads).toBe(1);
  });

  it("does not run in circles where the part is missing for good", async () => {
    void loaded(() => Promise.reject(new Error("missing")));
    await vi.advanceTimersByTimeAsync(25_000);
    expect(reloads).toBe(1);
  });
});
