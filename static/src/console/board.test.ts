import { describe, expect, it } from "vitest";
import { fewest } from "./board";
import type { Call } from "./types";

const calls = ["a", "b", "c", "d", "e", "f"].map((id) => ({ id }) as Call);
const ids = (of: Call[]) => of.map(({ id }) => id).join("");

describe("fewest", () => {
  it("keeps the newest closed calls and the chosen one in sight", () => {
    expect(ids(fewest(calls, null).recent)).toBe("cdef");
    expect(ids(fewest(calls, null).older)).toBe("ab");
    expect(ids(fewest(calls, "a").recent)).toBe("acdef");
    expect(ids(fewest(calls, "a").older)).toBe("b");
    expect(fewest(calls.slice(0, 3), null).older).toEqual([]);
  });
});
