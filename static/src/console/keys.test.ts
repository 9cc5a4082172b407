import { describe, expect, it, vi } from "vitest";
import { listen, shortcut } from "./keys";

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

describe("keys that are held", () => {
  const listeners = new Map<string, (event: unknown) => void>();
  const lifted: string[] = [];
  const element = class {};
  const send = (type: string, key: string, code: string, change = {}) =>
    listeners.get(type)!({ ...press(key), code, target: null, defaultPrevented: false, preventDefault: () => {}, ...change });

  it("are let go once, by their place, and by whatever hides it", () => {
    vi.stubGlobal("addEventListener", (type: string, act: (event: unknown) => void) => listeners.set(type, act));
    vi.stubGlobal("document", { addEventListener: () => {}, querySelector: () => null });
    vi.stubGlobal("Element", element);
    listen(() => true, () => true, (key) => lifted.push(key));
    send("keydown", "t", "KeyT");
    send("keyup", "T", "KeyT"); // Shift went down meanwhile
    send("keyup", "T", "KeyT");
    expect(lifted).toEqual(["t"]);
    send("keydown", "t", "KeyT");
    listeners.get("blur")!({});
    send("keyup", "t", "KeyT");
    expect(lifted).toEqual(["t", "t"]);
    send("keydown", "t", "KeyT");
    send("keydown", "Meta", "MetaLeft", { metaKey: true }); // no keyup comes while it is down
    expect(lifted).toEqual(["t", "t", "t"]);
    vi.unstubAllGlobals();
  });
});
