/** What the centre asks of this page: questions for the person, and what is turned off at once. */
import type { CallerRequest } from "../shared/protocol";
import type { Live } from "./live";
import type { Wish } from "./look";
import type { State } from "./view";

type Outcome = "done" | "declined" | "failed";

export interface RequestHooks {
  /** The open requests, as the stream has them. */
  open(): CallerRequest[];
  /** Whether this page, and not a newer one, is to answer. */
  ours(): boolean;
  state(): State;
  answer(id: string, outcome: Outcome): void;
  tap(): void;
  /** Nobody watches: the video ends. */
  stop(): void;
}

export class Requests {
  private readonly answered = new Set<string>(); // here, though the stream may not say so yet
  private readonly trying = new Set<string>(); // a second tap while the phone is at it is none

  constructor(
    private readonly live: Live,
    private readonly hooks: RequestHooks,
  ) {}

  /** The newest question that makes sense now; what is so already needs no asking. */
  get wish(): Wish | null {
    return (this.question?.what as Wish | undefined) ?? null;
  }

  /** The person says yes. */
  grant(): void {
    const { question, live } = this;
    if (!question || this.trying.has(question.id)) return;
    if (question.what === "camera") {
      this.hooks.tap(); // which settles it
    } else if (question.what === "microphone") {
      void this.attempt(question, () => live.toggleMicrophone());
    } else {
      void this.attempt(question, () => live.flip());
    }
  }

  decline(): void {
    const { question } = this;
    if (question) this.answer(question, "declined"); // also while a phone never comes to an end
  }

  /** The person did by themselves what was asked for. */
  settle(what: CallerRequest["what"]): void {
    for (const one of this.waiting) if (one.what === what) this.answer(one, "done");
  }

  /** What the centre may do without a question: turn something off. */
  obey(): void {
    if (!this.hooks.ours()) return;
    for (const one of this.waiting) {
      if (one.what === "mute") this.live.hush();
      else if (one.what !== "stop") continue;
      else if (this.live.on) this.hooks.stop();
      this.answer(one, "done");
    }
  }

  private get waiting(): CallerRequest[] {
    return this.hooks.open().filter(({ id }) => !this.answered.has(id));
  }

  private get question(): CallerRequest | undefined {
    if (!this.hooks.ours()) return undefined;
    const state = this.hooks.state();
    const { live } = this;
    const sensible = this.waiting.filter(({ what }) => {
      if (what === "camera") return (state === "ready" || state === "stopped") && !live.on;
      if (what === "microphone") return live.on && !live.hearsMe;
      return what === "flip" && live.on && live.camera !== null;
    });
    return sensible.sort((a, b) => (a.at < b.at ? 1 : -1))[0];
  }

  /** What the phone may refuse is done only when it is. */
  private async attempt(question: CallerRequest, work: () => Promise<boolean>): Promise<void> {
    this.trying.add(question.id);
    const done = await work();
    this.trying.delete(question.id);
    this.answer(question, done ? "done" : "failed");
  }

  private answer({ id }: CallerRequest, outcome: Outcome): void {
    if (this.answered.has(id)) return;
    this.answered.add(id);
    this.hooks.answer(id, outcome);
  }
}
