import { describe, expect, it, vi } from "vitest";
import { at } from "./samples";
import { Tracks } from "./tracks";
import type { Fix, Position } from "./types";

const fix = (seconds: number): Fix => ({ lat: 41, lon: -72, accuracy: 10, at: at(seconds) });
const heard = (seconds: number) => ({ ...fix(seconds), call: "a" }) as Position;
const times = (tracks: Tracks) => tracks.of("a").map((one) => one.at);

describe("a track", () => {
  it("is fetched once and joined with what came meanwhile, without doubles", async () => {
    const fetch = vi.fn(() => Promise.resolve([fix(1), fix(2), fix(3)]));
    const tracks = new Tracks(fetch, () => {});
    const loading = tracks.load("a");
    tracks.append(heard(3));
    tracks.append(heard(4));
    await loading;
    await tracks.load("a");
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(times(tracks)).toEqual([at(1), at(2), at(3), at(4)]);
  });

  it("grows by newer fixes only", () => {
    const tracks = new Tracks(() => Promise.resolve([]), () => {});
    for (const seconds of [1, 2, 2, 1, 3]) tracks.append(heard(seconds));
    expect(times(tracks)).toEqual([at(1), at(2), at(3)]);
  });

  it("is asked for again after a failure, or when the stream was away", async () => {
    const fetch = vi.fn<() => Promise<Fix[]>>().mockRejectedValueOnce(new Error("no")).mockResolvedValue([fix(1)]);
    const tracks = new Tracks(fetch, () => {});
    await tracks.load("a");
    await tracks.load("a");
    tracks.forget();
    await tracks.load("a");
    expect(fetch).toHaveBeenCalledTimes(3);
    expect(times(tracks)).toEqual([at(1)]);
  });
});
