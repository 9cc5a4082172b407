/** Waits that grow, with jitter, and that can be cut short when there is news. */
export class Backoff {
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private go: (() => void) | null = null;

  constructor(
    private readonly first = 400,
    private readonly longest = 5000,
  ) {}

  /** It worked: the next wait is a short one. */
  reset(): void {
    this.attempt = 0;
  }

  /** Something has changed (network, page, a tap): try now. */
  wake(): void {
    this.attempt = 0;
    clearTimeout(this.timer);
    this.finish();
  }

  wait(): Promise<void> {
    const ms = Math.min(this.longest, this.first * 1.7 ** this.attempt++);
    return new Promise((resolve) => {
      this.go = resolve;
      this.timer = setTimeout(() => this.finish(), ms * (0.4 + 0.6 * Math.random()));
    });
  }

  private finish(): void {
    this.go?.();
    this.go = null;
  }
}

/** Tells when trying again makes sense at once. Returns the way to stop listening. */
export function onReturn(callback: () => void): () => void {
  const visible = () => {
    if (document.visibilityState !== "hidden") callback();
  };
  addEventListener("online", visible);
  addEventListener("pageshow", visible);
  document.addEventListener("visibilitychange", visible);
  return () => {
    removeEventListener("online", visible);
    removeEventListener("pageshow", visible);
    document.removeEventListener("visibilitychange", visible);
  };
}

/** Until it works, with growing waits between: for what can only fail by the network. */
export async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  const backoff = new Backoff();
  for (;;) {
    try {
      return await attempt();
    } catch {
      await backoff.wait();
    }
  }
}

const RELOADED = "sl.reloaded"; // when this tab last began anew for want of a part
const RARELY = 30_000; // ms between two such beginnings

/**
 * A part of the page, until it is there. Chromium before 2026 remembers for a page's whole life
 * that a module could not be fetched (whatwg/html issue 6768), so that asking again is of no use
 * there: where the server answers and the part is still not to be had, the page begins anew. What
 * was sent goes on by itself; a tap that had not reached the server yet is asked for once more.
 */
export async function loaded<T>(part: () => Promise<T>): Promise<T> {
  const backoff = new Backoff();
  for (;;) {
    try {
      return await part();
    } catch {
      await backoff.wait();
    }
    try {
      return await part();
    } catch {
      if (await serverAnswers()) beginAnew();
    }
  }
}

async function serverAnswers(): Promise<boolean> {
  try {
    return (await fetch(location.pathname, { method: "HEAD", cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** Never in circles: where the part is really missing, what is there goes on. */
function beginAnew(): void {
  try {
    const now = Date.now();
    if (now - Number(sessionStorage.getItem(RELOADED) ?? 0) < RARELY) return;
    sessionStorage.setItem(RELOADED, String(now));
    location.reload();
  } catch {
    // a browser without storage cannot tell a circle
  }
}
