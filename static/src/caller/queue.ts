/**
 * What must reach the server: kept until acknowledged, over reloads too. Sent by the socket while
 * it is live, else by HTTP; the server applies each (session, boot, client_seq) once, so sending
 * something twice does no harm.
 *
 * Of one kind nothing goes out while something earlier is unacknowledged, unless in one message
 * with it: so whatever is lost, refused for now, or overtaken by the other way, arrives in order.
 * Positions alone carry their own time, and wait for nothing.
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

export interface Waiting {
  boot: string;
  item: OutItem;
}

export interface QueueOptions {
  boot: string;
  load(): Waiting[] | null;
  /** False where there is no room for it. */
  save(waiting: Waiting[]): boolean;
  /** Whether the socket is live. */
  live(): boolean;
  /** By the socket; false where that cannot be. */
  send(boot: string, items: OutItem[]): boolean;
  post(boot: string, items: OutItem[]): Promise<Receipt>;
  refused(boot: string, item: OutItem, why: Refused): void;
}

const AT_ONCE = 50; // items, and
const LARGEST = 12_000; // bytes: the server takes 16 KB in one frame
const PATIENCE = 5000; // ms until an unacknowledged item is sent again
const MANY_FIXES = 300;
const MANY_STATES = 40; // of one kind: the newest tell how things are
const HELD: ReadonlySet<OutItem["kind"]> = new Set(["permission", "media", "answer"]);
/** What is over with the page that said it; the next one says how it is with itself. */
const OF_ITS_PAGE: ReadonlySet<OutItem["kind"]> = new Set(["media", "conditions"]);
const STATES: ReadonlySet<OutItem["kind"]> = new Set([...OF_ITS_PAGE, "permission", "language"]);

const tick = () => performance.now(); // a phone's clock may be set while we wait by it
const utf8 = new TextEncoder();

export class Queue {
  private waiting: Waiting[];
  private next = 1;
  private readonly sent = new Map<Waiting, number>(); // when each was last sent
  private live = false;
  private posting = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ready = false;
  private holding = false;

  constructor(private readonly options: QueueOptions) {
    const stored = options.load() ?? [];
    this.waiting = stored.filter(({ item }) => !OF_ITS_PAGE.has(item.kind));
  }

  get size(): number {
    return this.waiting.length;
  }

  /** What was written and is not acknowledged, also before a reload. */
  get words(): { key: string; text: string }[] {
    return this.waiting
      .filter(({ item }) => item.kind === "chat")
      .map(({ boot, item }) => ({ key: `${boot}:${item.client_seq}`, text: String(item.text) }));
  }

  /** The session is known: from now on things can go out. */
  open(): void {
    this.ready = true;
    this.flush();
  }

  /**
   * Until the server has the tap it cannot place what the tap brought about: it would take a
   * "live" that overtakes it for another page's, and not take an answer that is not the sender's.
   * Position and words wait for nothing, nor does what an earlier page load left behind.
   */
  hold(holding: boolean): void {
    this.holding = holding;
    if (!holding) this.flush();
  }

  add(kind: OutItem["kind"], fields: Record<string, unknown>): number {
    const item: OutItem = { ...fields, kind, client_seq: this.next++ };
    this.waiting.push({ boot: this.options.boot, item });
    if (kind === "fix") this.thin();
    if (STATES.has(kind)) this.keepNewest(kind);
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
      if (why) this.options.refused(boot, entry.item, why);
      return false;
    });
    this.save();
    this.flush();
  }

  /** Sends what is not under way. `again`: what was sent, perhaps into nothing, counts as unsent. */
  flush(again = false): void {
    clearTimeout(this.timer);
    const live = this.options.live();
    // What went out by a socket that is gone must not be overtaken by what now goes by HTTP.
    if (again || live !== this.live) this.sent.clear();
    this.live = live;
    if (!this.ready || this.waiting.length === 0) return;
    const { messages, more } = this.due();
    for (const [boot, batch] of messages) {
      const items = batch.map(({ item }) => stamped(item));
      const large = batch.length === 1 && weight(batch[0]!) > LARGEST; // no socket would take it
      if (large || !live || !this.options.send(boot, items)) {
        if (this.posting) continue;
        void this.post(boot, items, batch);
      }
      for (const entry of batch) this.sent.set(entry, tick());
    }
    const wait = Math.min(PATIENCE, 500 * 1.7 ** this.failures) * (0.7 + 0.6 * Math.random());
    this.timer = setTimeout(() => this.flush(), more ? 50 : wait);
  }

  /** The page goes away, perhaps for good: what it still has to say, a message for each boot. */
  leaving(): [string, OutItem[]][] {
    if (!this.ready) return [];
    this.sent.clear();
    return [...this.due().messages].map(([boot, batch]) => [
      boot,
      batch.map(({ item }) => stamped(item)),
    ]);
  }

  /** A message for each page load that has something to send, oldest first. */
  private due(): { messages: Map<string, Waiting[]>; more: boolean } {
    const messages = new Map<string, Waiting[]>();
    const room = new Map<string, number>();
    const lanes = new Map<OutItem["kind"], string>(); // which boot's message a kind goes with
    const shut = new Set<OutItem["kind"]>();
    let more = false;
    for (const entry of this.waiting) {
      const { boot, item } = entry;
      const ordered = item.kind !== "fix";
      if (shut.has(item.kind)) continue;
      if (this.waits(entry)) {
        if (ordered) shut.add(item.kind);
        continue;
      }
      const batch = messages.get(boot) ?? [];
      const left = (room.get(boot) ?? LARGEST) - weight(entry);
      const full = batch.length === AT_ONCE || (left < 0 && batch.length > 0);
      if (full || (ordered && (lanes.get(item.kind) ?? boot) !== boot)) {
        more ||= full;
        shut.add(item.kind);
        continue;
      }
      messages.set(boot, [...batch, entry]);
      room.set(boot, left);
      lanes.set(item.kind, boot);
    }
    return { messages, more };
  }

  private waits(entry: Waiting): boolean {
    const sent = this.sent.get(entry);
    if (sent !== undefined && tick() - sent < PATIENCE) return true;
    return this.holding && entry.boot === this.options.boot && HELD.has(entry.item.kind);
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

  private keepNewest(kind: OutItem["kind"]): void {
    const told = this.waiting.filter((entry) => entry.item.kind === kind);
    const drop = new Set(told.slice(0, -MANY_STATES));
    if (drop.size) this.waiting = this.waiting.filter((entry) => !drop.has(entry));
  }

  /** Where there is no room for all, words matter more than where the phone was. */
  private save(): void {
    const { waiting } = this;
    if (this.options.save(waiting)) return;
    this.options.save(waiting.filter((entry) => entry.item.kind !== "fix"));
  }
}

function weight({ item }: Waiting): number {
  return utf8.encode(JSON.stringify(item)).length + 30; // and the moment of sending
}

/** The server measures this clock by the moment of sending. */
function stamped(item: OutItem): OutItem {
  return item.kind === "fix" ? { ...item, sent_at: Date.now() } : item;
}
