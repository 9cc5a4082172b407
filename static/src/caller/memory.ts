/** What this page keeps on the phone. Storage may be absent or full: then it simply forgets. */

export class Memory {
  constructor(private readonly prefix: string) {}

  /** `phone`: shared by the tabs of this browser. `tab`: outlives a reload of this tab only. */
  get<T>(where: "phone" | "tab", name: string): T | null {
    try {
      return JSON.parse(this.store(where).getItem(this.prefix + name) ?? "null") as T | null;
    } catch {
      return null;
    }
  }

  /** False where it could not be kept. */
  set(where: "phone" | "tab", name: string, value: unknown): boolean {
    try {
      const store = this.store(where);
      if (value === null) store.removeItem(this.prefix + name);
      else store.setItem(this.prefix + name, JSON.stringify(value));
      return true;
    } catch {
      return false; // private windows, full storage: a reload then starts anew
    }
  }

  private store(where: "phone" | "tab"): Storage {
    return where === "phone" ? localStorage : sessionStorage;
  }
}
