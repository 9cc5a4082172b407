/**
 * Which parts of the installation fail: the stream tells with each heartbeat, and the server itself
 * is asked while the stream is silent (without its database it has no heartbeat).
 */
import { signal } from "@preact/signals";
import type { Health, PartName } from "../shared/protocol";

export type Verdicts = Health["parts"];

const SILENT = 2500; // ms without a heartbeat, which comes every 2 s
const EVERY = 1000; // ms between two questions while it is silent
const PATIENCE = 1800; // ms for an answer; the server takes 0.9 s at most to find out
const STEADY = 1500; // ms that a part must work before it is said to: two heartbeats

export class Parts {
  readonly failing = signal<ReadonlySet<PartName>>(new Set());
  /** When the stream last told, by the clock given; null until it did. */
  heard: number | null = null;
  private readonly works = new Map<PartName, number>(); // failing parts that work again, since when
  private asking = false;
  private asked = -Infinity;

  constructor(
    private readonly ask: () => Promise<Verdicts | null>,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** By the stream. */
  told(verdicts: Verdicts): void {
    this.heard = this.clock();
    this.take(verdicts);
  }

  /** Several times a second. */
  async tick(): Promise<void> {
    if (!this.silent() || this.asking || this.clock() - this.asked < EVERY) return;
    this.asking = true;
    const verdicts = await this.ask();
    this.asking = false;
    this.asked = this.clock();
    if (verdicts && this.silent()) this.take(verdicts);
  }

  private silent(): boolean {
    return this.heard !== null && this.clock() - this.heard > SILENT;
  }

  /** What fails is said at once; what works again, once it is steady: nothing flickers. */
  private take(verdicts: Verdicts): void {
    const now = this.clock();
    const before = this.failing.peek();
    const failing = new Set(before);
    for (const [part, works] of Object.entries(verdicts) as [PartName, boolean | null][]) {
      if (works === false) {
        failing.add(part);
        this.works.delete(part);
      } else if (failing.has(part)) {
        const since = this.works.get(part) ?? now;
        this.works.set(part, since);
        if (now - since >= STEADY) {
          failing.delete(part);
          this.works.delete(part);
        }
      }
    }
    if (failing.size !== before.size || [...failing].some((part) => !before.has(part))) this.failing.value = failing;
  }
}

/** The server's own answer, 200 or 503; null where there is none. */
export async function ready(): Promise<Verdicts | null> {
  try {
    const answer = await fetch("/health/ready", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    const said = (await answer.json()) as { parts?: Verdicts };
    return said.parts ?? null;
  } catch {
    return null;
  }
}
