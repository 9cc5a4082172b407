/**
 * What must reach the server: kept until acknowledged, over reloads too. Sent by the socket while
 * it is live, else by HTTP; the server applies each (session, boot, client_seq) once, so sending
 * something twice does no harm.
 */
import type { Refusal } from "./server";

export interface OutItem {
  client_seq: number;
  kind: "fix" | "chat" | "permission" | "media" | "conditions" | "answer" | "language";
  [field: string]: unknown;
}

export interface Refused {
  client_seq: number;
  code: string;
  message: string;
}

export interface Receipt {
  acked: number[];
  refused: Refused[];
}

interface Waiting {
  boot: string;
  item: OutItem;
}

export interface QueueOptions {
  boot: string;
  load(): Waiting[] | null;
  save(waiting: Waiting[]): void;
  /** False where the socket is not live. */
  send(boot: string, items: OutItem[]): boolean;
  post(boot: string, items: OutItem[]): Promise<Receipt>;
  refused(item: OutItem, why: Refused): void;
}

const AT_ONCE = 50; // items, and
const LARGEST = 30_000; // characters, well below what the server takes in one frame
const PATIENCE = 5000; // ms until an unacknowledged item is sent again
const MANY_FIXES = 300;
const HELD: ReadonlySet<OutItem["kind"]> = new Set(["permission", "media", "answer"]);

export class Queue {
  private waiting: Waiting[];
  private next = 1;
  private readonly sent = new Map<Waiting, number>(); // when each was last sent
  private posting = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ready = false;
  private holding = false;

  constructor(private readonly options: QueueOptions) {
    this.waiting = options.load() ?? [];
  }

  get size(): number {
    return this.waiting.length;
  }

  /** The session is known: from now on things can go out. */
  open(): void {
    this.ready = true;
    this.flush();
  }

  /**
   * Until the server has the tap it cannot place what the tap brought about: it would take a
   * "live" that overtakes it for another page's, and not take an answer that is not the sender's.
   * Position and words wait for nothing.
   */
  hold(holding: boolean): void {
    this.holding = holding;
    if (!holding) this.flush();
  }

  add(kind: OutItem["kind"], fields: Record<string, unknown>): number {
    const item: OutItem = { ...fields, kind, client_seq: this.next++ };
    this.waiting.push({ boot: this.options.boot, item });
    if (kind === "fix") this.thin();
    this.save();
    this.flush();
    return item.client_seq;
  }

  /** Nothing of this kind is to go out any more (positions, once the call has ended). */
  forget(kind: OutItem["kind"]): void {
    this.waiting = this.waiting.filter((entry) => entry.item.kind !== kind);
    this.save();
  }

  take(boot: string, receipt: Receipt): void {
    this.failures = 0;
    const refused = new Map(receipt.refused.map((why) => [why.client_seq, why]));
    const done = new Set([...receipt.acked, ...refused.keys()]);
    this.waiting = this.waiting.filter((entry) => {
      if (entry.boot !== boot || !done.has(entry.item.client_seq)) return true;
      const why = refused.get(entry.item.client_seq);
      // Too much at once: words go out again later, for one fix among many it is not worth it.
      if (why?.code === "throttled" && entry.item.kind !== "fix") return true;
      this.sent.delete(entry);
      if (why) this.options.refused(entry.item, why);
      return false;
    });
    this.save();
    this.flush();
  }

  /** Sends what is not under way. `again`: what was sent on a socket now dead counts as unsent. */
  flush(again = false): void {
    clearTimeout(this.timer);
    if (again) this.sent.clear();
    if (!this.ready || this.waiting.length === 0) return;
    const now = Date.now();
    const due = this.waiting.filter(
      (entry) =>
        now - (this.sent.get(entry) ?? 0) >= PATIENCE &&
        !(this.holding && HELD.has(entry.item.kind)),
    );
    for (const boot of new Set(due.map((entry) => entry.boot))) {
      const batch = fitting(due.filter((entry) => entry.boot === boot));
      const items = batch.map(({ item }) =>
        // The server measures this clock by the moment of sending.
        item.kind === "fix" ? { ...item, sent_at: now } : item,
      );
      if (!this.options.send(boot, items)) {
        if (this.posting) continue;
        void this.post(boot, items, batch);
      }
      for (const entry of batch) this.sent.set(entry, now);
    }
    const wait = Math.min(PATIENCE, 500 * 1.7 ** this.failures) * (0.7 + 0.6 * Math.random());
    this.timer = setTimeout(() => this.flush(), due.length > AT_ONCE ? 50 : wait);
  }

  private async post(boot: string, items: OutItem[], batch: Waiting[]): Promise<void> {
    this.posting = true;
    try {
      const receipt = await this.options.post(boot, items);
      this.posting = false;
      this.take(boot, receipt);
    } catch (error) {
      this.posting = false;
      this.failures++;
      for (const entry of batch) this.sent.delete(entry); // the next flush tries again
      const { passing, code, message } = error as Refusal;
      if (passing) return; // the timer tries again
      // Refused as a whole: trying the same again cannot help, and must not stop what follows.
      const refused = items.map(({ client_seq }) => ({ client_seq, code, message }));
      this.take(boot, { acked: [], refused });
    }
  }

  /** Hours without a network: keep the newest fixes whole and every second one before them. */
  private thin(): void {
    const fixes = this.waiting.filter((entry) => entry.item.kind === "fix");
    if (fixes.length <= MANY_FIXES) return;
    const old = fixes.slice(0, MANY_FIXES / 2);
    const drop = new Set(old.filter((_, index) => index % 2));
    this.waiting = this.waiting.filter((entry) => !drop.has(entry));
  }

  private save(): void {
    this.options.save(this.waiting);
  }
}

function fitting(waiting: Waiting[]): Waiting[] {
  let room = LARGEST;
  return waiting.slice(0, AT_ONCE).filter((entry, index) => {
    room -= JSON.stringify(entry.item).length;
    return room > 0 || index === 0;
  });
}
