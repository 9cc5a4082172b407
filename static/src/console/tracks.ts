/** Where each call's phone has been: fetched once when the call is chosen, then appended to. */
import type { Fix, Position } from "./types";

export class Tracks {
  private readonly fixes = new Map<string, Fix[]>();
  private readonly asked = new Set<string>();

  constructor(
    private readonly fetch: (call: string) => Promise<Fix[]>,
    private readonly onChange: () => void,
  ) {}

  of(call: string): readonly Fix[] {
    return this.fixes.get(call) ?? [];
  }

  async load(call: string): Promise<void> {
    if (this.asked.has(call)) return;
    this.asked.add(call);
    try {
      const past = await this.fetch(call);
      const last = past.at(-1)?.at ?? "";
      this.fixes.set(call, [...past, ...this.of(call).filter((fix) => fix.at > last)]);
      this.onChange();
    } catch {
      this.asked.delete(call); // the line behind the dot is a comfort; the next choice asks again
    }
  }

  /** The stream may have skipped fixes while it was away: ask again when the call is next chosen. */
  forget(): void {
    this.asked.clear();
  }

  append(position: Position): void {
    const known = this.of(position.call);
    const last = known.at(-1);
    if (last && last.at >= position.at) return;
    const { lat, lon, accuracy, at } = position;
    this.fixes.set(position.call, [...known, { lat, lon, accuracy, at }]);
  }
}
