import { describe, expect, it } from "vitest";
import { ago, clock, coordinates, plainCoordinates, radius, sentence, since, span } from "./format";

describe("clock", () => {
  it("ticks in minutes and seconds, then hours", () => {
    expect(clock(0)).toBe("0:00");
    expect(clock(7_999)).toBe("0:07");
    expect(clock(134_000)).toBe("2:14");
    expect(clock(3_729_000)).toBe("1:02:09");
  });
  it("never shows a time below zero", () => {
    expect(clock(-5000)).toBe("0:00");
  });
});

describe("ages", () => {
  it("use the unit that says it shortest", () => {
    expect(span(0)).toBe("0 s");
    expect(ago(2400)).toBe("2 s ago");
    expect(ago(99_000)).toBe("99 s ago");
    expect(ago(100_000)).toBe("1 min ago");
    expect(ago(3 * 3_600_000)).toBe("3 h ago");
    expect(ago(72 * 3_600_000)).toBe("3 d ago");
  });
  it("takes a time that lies ahead, or none at all, as now", () => {
    expect(since("2026-01-01T00:00:10.000Z", Date.parse("2026-01-01T00:00:00.000Z"))).toBe(0);
    expect(since("no time", 1000)).toBe(0);
  });
});

describe("radius", () => {
  it("has its unit and no false precision", () => {
    expect(radius(0.2)).toBe("±1 m");
    expect(radius(12.4)).toBe("±12 m");
    expect(radius(999.4)).toBe("±999 m");
    expect(radius(999.6)).toBe("±1.0 km");
    expect(radius(1440)).toBe("±1.4 km");
    expect(radius(35_200)).toBe("±35 km");
  });
});

describe("coordinates", () => {
  it("read with a real minus and copy in ASCII", () => {
    expect(coordinates(41.3083, -72.9279)).toBe("41.30830, \u221272.92790");
    expect(plainCoordinates(41.3083, -72.9279)).toBe("41.30830, -72.92790");
  });
  it("have no minus zero", () => {
    expect(plainCoordinates(-0.000001, -0)).toBe("0.00000, 0.00000");
  });
});

describe("sentence", () => {
  it("starts and ends as one", () => {
    expect(sentence("unknown subscriber")).toBe("Unknown subscriber.");
    expect(sentence("Wait!")).toBe("Wait!");
    expect(sentence(" ")).toBe("");
  });
});
