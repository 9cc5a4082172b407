/** The rooms this console sits in: one RoomLink for each call it wants to see. */
import { RoomLink } from "./roomlink";
import type { LinkDeps, RoomView } from "./roomlink";
import type { Call } from "./types";
import type { Voice } from "./voice";

export class Rooms {
  private readonly links = new Map<string, RoomLink>();
  private readonly views = new Map<string, RoomView>();

  constructor(private readonly deps: LinkDeps) {}

  view(call: string): RoomView | undefined {
    return this.views.get(call);
  }

  /** Be in exactly these calls' rooms. */
  want(calls: readonly Call[]): void {
    const wanted = new Set(calls.map((one) => one.id));
    for (const [id, link] of this.links) {
      if (wanted.has(id)) continue;
      this.links.delete(id);
      link.stop();
      this.views.delete(id);
    }
    for (const one of calls) {
      let link = this.links.get(one.id);
      if (!link) {
        link = new RoomLink(one.id, { ...this.deps, onView: (id, view) => this.note(id, view) });
        this.links.set(one.id, link);
      }
      link.update(one.generation, one.publisher?.identity ?? null);
    }
  }

  /** Puts this computer's microphone, muted, into the call's room. Rejects where there is none. */
  async speak(call: string, media: MediaStreamTrack): Promise<Voice> {
    const link = this.links.get(call);
    if (!link) throw new Error("not in this room");
    return link.speak(media);
  }

  /** Video works again somewhere: try now. */
  nudge(): void {
    for (const link of this.links.values()) link.nudge();
  }

  private note(id: string, view: RoomView): void {
    this.views.set(id, view);
    this.deps.onView(id, view);
  }
}
