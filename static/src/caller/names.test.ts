import { describe, expect, it } from "vitest";
import { fingerprint, uuid } from "./names";

describe("fingerprint", () => {
  it("is the same for the same link, another for another, and short of the secret", () => {
    const secret = "abcdefghij0123456789AB";
    expect(fingerprint(secret)).toBe(fingerprint(secret));
    const others = new Set(Array.from({ length: 5000 }, (_, n) => fingerprint(`${secret}${n}`)));
    expect(others.size).toBe(5000);
    expect(fingerprint(secret).length).toBeLessThanOrEqual(11);
  });
});

describe("uuid", () => {
  it("is one", () => {
    expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
