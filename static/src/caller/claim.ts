/** Becoming the one page that sends: the tap, told to the server until it has answered. */
import type { Link } from "./link";
import type { Refusal } from "./server";

export interface ClaimHooks {
  /** On its way to the server, or answered (or given up). */
  pending(pending: boolean): void;
  taken(): void;
  /** From now on a stream that names another page means a newer tap than ours. */
  settled(): void;
  refused(why: Refusal, resume: boolean): void;
}

const SETTLE = 3000; // ms after the answer in which an older entry may still be on its way

export class Claim {
  private waiting = false;
  settled = false;
  private turn = 0;

  constructor(
    private readonly link: Link,
    private readonly hooks: ClaimHooks,
  ) {}

  /** `resume`: a reload that goes on by itself, which takes nothing from anyone. */
  async make(resume: boolean): Promise<void> {
    this.drop();
    const { turn } = this;
    const current = () => turn === this.turn;
    this.pending = true;
    try {
      await this.link.insist(() => this.link.ask("tap", resume ? { resume } : {}), current);
    } catch (error) {
      if (!current()) return;
      this.pending = false;
      this.hooks.refused(error as Refusal, resume);
      return;
    }
    if (!current()) return;
    this.pending = false;
    this.hooks.taken();
    setTimeout(() => {
      if (current()) this.settle();
    }, SETTLE);
  }

  /** The stream names this page, or cannot name an older one any more. */
  settle(): void {
    if (this.settled) return;
    this.settled = true;
    this.hooks.settled();
  }

  drop(): void {
    this.turn++;
    this.pending = this.settled = false;
  }

  get pending(): boolean {
    return this.waiting;
  }

  private set pending(pending: boolean) {
    if (pending === this.waiting) return;
    this.waiting = pending;
    this.hooks.pending(pending);
  }
}
