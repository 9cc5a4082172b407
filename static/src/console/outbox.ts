/** Messages on their way to the caller: shown at once, kept until the stream carries them. */
import type { Chat } from "./types";
import { uuid } from "./uuid";

export type Delivery = "pending" | "sent" | "failed";

export interface Draft {
  command: string;
  call: string;
  text: string;
  at: string;
  state: Delivery;
  problem: string | null;
}

export interface OutboxDeps {
  write(call: string, text: string, command: string): Promise<Chat>;
  explain(error: unknown): string;
  now(): number;
  onChange(): void;
}

export class Outbox {
  private drafts: Draft[] = [];

  constructor(private readonly deps: OutboxDeps) {}

  /** Drafts of a call that the stream does not show yet, oldest first. */
  of(call: string): readonly Draft[] {
    return this.drafts.filter((draft) => draft.call === call);
  }

  send(call: string, text: string): void {
    const at = new Date(this.deps.now()).toISOString();
    const draft: Draft = { command: uuid(), call, text, at, state: "pending", problem: null };
    this.drafts = [...this.drafts, draft];
    void this.carry(draft);
  }

  /** The same command again: the server applies it once, however often it comes. */
  retry(command: string): void {
    const draft = this.drafts.find((one) => one.command === command);
    if (draft?.state === "failed") void this.carry(draft);
  }

  drop(command: string): void {
    this.drafts = this.drafts.filter((draft) => draft.command !== command);
    this.deps.onChange();
  }

  /** The stream carries these messages now: their drafts have done their work. */
  settle(chat: readonly Chat[]): void {
    const keys = new Set(chat.map((one) => one.key));
    const rest = this.drafts.filter((draft) => !keys.has(draft.command));
    if (rest.length !== this.drafts.length) this.drafts = rest;
  }

  private async carry(draft: Draft): Promise<void> {
    this.put(draft.command, { state: "pending", problem: null });
    try {
      await this.deps.write(draft.call, draft.text, draft.command);
      this.put(draft.command, { state: "sent" });
    } catch (error) {
      this.put(draft.command, { state: "failed", problem: this.deps.explain(error) });
    }
  }

  private put(command: string, change: Partial<Draft>): void {
    this.drafts = this.drafts.map((one) => (one.command === command ? { ...one, ...change } : one));
    this.deps.onChange();
  }
}
