/** The call's state by asking, where the network lets no socket through. Slower, and as complete. */
import { Backoff, onReturn } from "../shared/backoff";
import type { FeedSocket, StateMessage } from "../shared/feed";
import type { Refusal } from "./server";

const WITHOUT = 4000; // ms without a socket after which we ask instead
const EVERY = 3000; // ms from one answer to the next question

export interface PollHooks {
  ask(known: { epoch?: string; last_seq?: number }): Promise<StateMessage & { now: string }>;
  /** Whether the state comes by asking, from now on. */
  changed(works: boolean): void;
  refused(why: Refusal): void;
}

export class Poll {
  /** The last question was answered, and there is no socket. */
  works = false;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;
  private readonly backoff = new Backoff(1000, 5000);

  constructor(
    private readonly feed: FeedSocket,
    private readonly hooks: PollHooks,
  ) {
    onReturn(() => this.backoff.wake());
  }

  /** The socket is live, or is not. */
  heard(live: boolean): void {
    if (live) this.stop();
    else this.waiting ??= setTimeout(() => void this.run(++this.turn), WITHOUT);
  }

  stop(): void {
    this.turn++;
    clearTimeout(this.waiting);
    this.waiting = undefined;
    this.say(false);
  }

  private async run(turn: number): Promise<void> {
    while (turn === this.turn) {
      try {
        const { epoch, seq } = this.feed.model;
        const answer = await this.hooks.ask(epoch === null ? {} : { epoch, last_seq: seq });
        if (turn !== this.turn) return; // the socket is back, and knows better
        this.feed.take(answer);
        this.say(true);
        this.backoff.reset();
        await new Promise((resolve) => setTimeout(resolve, EVERY));
      } catch (error) {
        if (turn !== this.turn) return;
        this.say(false);
        const why = error as Refusal;
        if (why.code && !why.passing) this.hooks.refused(why);
        await this.backoff.wait();
      }
    }
  }

  private say(works: boolean): void {
    if (works === this.works) return;
    this.works = works;
    this.hooks.changed(works);
  }
}
