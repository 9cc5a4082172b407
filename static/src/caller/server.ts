/** What the page asks of the server over HTTP. */

export interface CallerCall {
  state: "open" | "closed";
  generation: number;
  publisher: string | null;
  asks: What[];
  undo_until: string | null;
}

export type What = "camera" | "microphone" | "position";

export interface Session {
  session: string;
  centre: { slug: string; name: string };
  call: CallerCall;
  asks: What[];
  /** The language the dispatcher has chosen for this call, if any. */
  chosen: string | null;
  ws: string;
  /** A place in the room, where it needs no asking for. */
  seat?: SeatAnswer | null;
}

export interface SeatAnswer {
  url: string;
  token: string;
  identity: string;
  generation: number;
  staff_prefix: string;
  ice_servers?: RTCIceServer[] | null;
}

/** The server's no, or `offline` where none was heard. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  /** Trying again can help: no answer, or the server is in trouble, or too busy. */
  get passing(): boolean {
    return this.status === 0 || this.status >= 500 || this.status === 429;
  }
}

const PATIENCE = 10000;

/** `begun`: the same question, where it was asked already. */
export async function post<T>(path: string, body: object, begun?: Promise<Response>): Promise<T> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<never>((_, enough) => {
    timer = setTimeout(() => {
      abort.abort();
      enough(new Error("no answer"));
    }, PATIENCE);
  });
  let response: Response;
  let text: string;
  try {
    begun ??= fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: abort.signal,
    });
    response = await Promise.race([begun, patience]);
    text = await Promise.race([response.text(), patience]);
  } catch (error) {
    throw new Refusal("offline", 0, String(error));
  } finally {
    clearTimeout(timer);
  }
  let answer: unknown;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    answer = null;
  }
  if (response.ok) return answer as T;
  const { code = "server", message = "" } = (answer ?? {}) as { code?: string; message?: string };
  throw new Refusal(code, response.status, message);
}
