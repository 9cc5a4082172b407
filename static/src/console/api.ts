/** The staff API, and its refusals as sentences. */
import type { Body } from "../shared/feed";
import type { Asked } from "./asks";
import type { Call, CallDetail, Chat, Fix, Link, Request, Seat, ShownLink, Text } from "./types";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null = null,
    readonly body: Body = {},
  ) {
    super(message);
  }
}

const PATIENCE = 15_000; // ms; longer than any honest answer

/** What to say when the server could not be reached or did not say it itself. */
function fallback(status: number): string {
  if (status === 0) return "The server did not answer. Check this computer's network, then try again.";
  if (status === 401 || status === 403) return "You are signed out. Sign in again.";
  if (status === 404) return "This call is not in this centre.";
  if (status === 413) return "This is too long. Shorten it and try again.";
  if (status === 429) return "Too many tries. Wait a moment, then try again.";
  return "The server could not do this. Try again; if it fails again, tell your administrator.";
}

export function say(error: unknown): string {
  return error instanceof ApiError ? error.message : fallback(0);
}

export interface Sent {
  call: Call;
  text: Text;
  link: Link;
}

export class Api {
  constructor(
    private readonly base: string,
    private readonly csrf: string,
    private readonly onSignedOut: () => void,
  ) {}

  send(order: { number: string; language: string; command: string; new?: boolean }): Promise<Sent> {
    return this.ask("POST", "calls/", order);
  }

  detail(id: string): Promise<CallDetail> {
    return this.ask("GET", `calls/${id}/`);
  }

  async track(id: string): Promise<Fix[]> {
    return (await this.ask<{ fixes: Fix[] }>("GET", `calls/${id}/track/`)).fixes;
  }

  act(id: string, action: "resend" | "take-over" | "close" | "undo-close" | "revoke-link"): Promise<{ call: Call }> {
    return this.ask("POST", `calls/${id}/${action}/`, {});
  }

  showLink(id: string): Promise<ShownLink> {
    return this.ask("POST", `calls/${id}/show-link/`, {});
  }

  async write(id: string, text: string, command: string): Promise<Chat> {
    return (await this.ask<{ chat: Chat }>("POST", `calls/${id}/chat/`, { text, command })).chat;
  }

  /** Once per `command`, a UUID. */
  async request(id: string, what: Asked, command: string): Promise<Request> {
    return (await this.ask<{ request: Request }>("POST", `calls/${id}/ask/`, { what, command })).request;
  }

  seat(id: string, boot: string): Promise<Seat> {
    return this.ask("POST", `calls/${id}/seat/`, { boot });
  }

  async firstFrame(id: string, frame: { identity: string; width: number; height: number }): Promise<void> {
    await this.ask("POST", `calls/${id}/first-frame/`, frame);
  }

  private async ask<T>(method: "GET" | "POST", path: string, body?: object): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body) {
      headers["Content-Type"] = "application/json";
      headers["X-CSRFToken"] = this.csrf;
    }
    let answer: Response;
    try {
      answer = await fetch(this.base + path, {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
        credentials: "same-origin",
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      throw new ApiError(0, "unreachable", fallback(0));
    }
    const text = await answer.text().catch(() => "");
    const data = parse(text);
    if (answer.ok) return data as T;
    const out = answer.status === 401 || answer.status === 403;
    if (out) this.onSignedOut();
    const word = (key: string) => (typeof data?.[key] === "string" ? data[key] : "");
    throw new ApiError(
      answer.status,
      word("code") || `http_${answer.status}`,
      // A 403 is a page older than its session; the framework's own words help nobody.
      (!out && word("message")) || fallback(answer.status),
      word("field") || null,
      data ?? {},
    );
  }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}
