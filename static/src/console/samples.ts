/** Made-up items for the tests. */
import type { Call, Chat, Request, Session, Text } from "./types";

export const T0 = Date.parse("2026-03-01T12:00:00.000Z");

/** A time `seconds` after the start of the story. */
export function at(seconds: number): string {
  return new Date(T0 + seconds * 1000).toISOString();
}

export function aCall(change: Partial<Call> = {}): Call {
  return {
    id: "a",
    number: "+12035550142",
    number_display: "+1 203-555-0142",
    language: "en",
    state: "open",
    opened_at: at(0),
    closed_at: null,
    close_reason: null,
    undo_until: null,
    owner: { id: 1, name: "R. Okafor" },
    generation: 1,
    publisher: null,
    present: false,
    media: { state: "none", camera: false, microphone: false },
    unwatched: null,
    unwatched_stop: false,
    stages: { requested: { at: at(0), failed: null } },
    asks: ["camera", "microphone", "position"],
    is_test: false,
    ...change,
  };
}

export function reachedAt(times: Partial<Record<string, number>>): Call["stages"] {
  return Object.fromEntries(Object.entries(times).map(([stage, seconds]) => [stage, { at: at(seconds ?? 0), failed: null }]));
}

export const PUBLISHER = { identity: "caller-1", session: "s1", boot: "b1", since: at(10) };

export function aText(change: Partial<Text> = {}): Text {
  return {
    id: "t1",
    call: "a",
    to: "+1 203-555-0142",
    provider: "demo",
    state: "accepted",
    reason: null,
    queued_at: at(0),
    accepted_at: at(1),
    delivered_at: null,
    failed_at: null,
    ...change,
  };
}

export function aSession(change: Partial<Session> = {}): Session {
  return {
    id: "s1",
    call: "a",
    opened_at: at(5),
    tapped_at: null,
    device: "iPhone, Safari",
    language: "en",
    online: true,
    online_at: at(5),
    polling: false,
    conditions: [],
    permissions: {},
    ...change,
  };
}

export function aChat(change: Partial<Chat> = {}): Chat {
  return { id: "c1", call: "a", from: "caller", name: "", text: "Hello", at: at(20), key: "", ...change };
}

export function aRequest(change: Partial<Request> = {}): Request {
  return { id: "r1", call: "a", what: "camera", name: "R. Okafor", at: at(30), answer: "open", answered_at: null, ...change };
}
