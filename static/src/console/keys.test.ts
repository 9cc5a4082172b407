import { describe, expect, it } from "vitest";
import { shortcut } from "./keys";

const press = (key: string, change = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, repeat: false, isComposing: false, ...change });

describe("shortcuts", () => {
  it("are single keys, whatever the case", () => {
    expect(shortcut(press("r"), false, true)).toBe("r");
    expect(shortcut(press("R"), false, true)).toBe("r");
    expect(shortcut(press("?"), false, true)).toBe("?");
    expect(shortcut(press("z"), false, true)).toBeNull();
  });
  it("do nothing while someone types, nor with the browser's own keys", () => {
    expect(shortcut(press("x"), true, true)).toBeNull();
    expect(shortcut(press("r", { ctrlKey: true }), false, true)).toBeNull();
    expect(shortcut(press("r", { isComposing: true }), false, true)).toBeNull();
  });
  it("can be switched off; arrows stay", () => {
    expect(shortcut(press("x"), false, false)).toBeNull();
    expect(shortcut(press("ArrowDown"), false, false)).toBe("arrowdown");
  });
  it("act once however long a letter is held", () => {
    expect(shortcut(press("r", { repeat: true }), false, true)).toBeNull();
    expect(shortcut(press("ArrowDown", { repeat: true }), false, true)).toBe("arrowdown");
  });
});
