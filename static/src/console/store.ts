/** Questions to the stream's state. Plain functions: no drawing, no network. */
import type { Model } from "../shared/feed";
import type {
  Call,
  CallEvent,
  Chat,
  Health,
  Link,
  Position,
  Request,
  Session,
  Text,
  VideoHealth,
} from "./types";

type Source = Pick<Model, "items" | "latest">;

function all<T>(source: Source, kind: string): T[] {
  return [...(source.items.get(kind)?.values() ?? [])] as unknown as T[];
}

function byTime<T>(time: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0);
}

export function call(source: Source, id: string): Call | undefined {
  return source.items.get("call")?.get(id) as unknown as Call | undefined;
}

export function calls(source: Source): Call[] {
  return all<Call>(source, "call");
}

export function position(source: Source, id: string): Position | undefined {
  return source.latest.get(`position:${id}`)?.body as unknown as Position | undefined;
}

/** Which parts work; undefined with a server that does not tell. */
export function parts(source: Source): Health["parts"] | undefined {
  return (source.latest.get("health")?.body as unknown as Health | undefined)?.parts;
}

/** By the web server's own look, else by what is in the database, which may be some seconds old. */
export function videoDown(source: Source): boolean {
  const seen = parts(source)?.media;
  if (typeof seen === "boolean") return !seen;
  const video = source.latest.get("video")?.body as unknown as VideoHealth | undefined;
  return video?.state === "down";
}

export function undoable(item: Call, now: number): boolean {
  return item.state === "closed" && item.undo_until !== null && Date.parse(item.undo_until) > now;
}

export interface Board {
  open: Call[];
  closed: Call[];
}

/**
 * What the board shows. Oldest first, so that a new call never pushes the others down the page.
 * `held` is the order of the open list while someone points at it or has focus in it: until they
 * leave, rows keep their places, a closed one included.
 */
export function board(items: Call[], now: number, held: readonly string[] | null = null): Board {
  const shown = items.filter((item) => item.state === "open" || undoable(item, now));
  const open = shown.filter((item) => item.state === "open").sort(byTime((item) => item.opened_at + item.id));
  const closed = shown.filter((item) => item.state === "closed").sort(byTime((item) => item.closed_at ?? ""));
  if (!held) return { open, closed };
  const known = new Map(shown.map((item) => [item.id, item]));
  const kept = held.flatMap((id) => known.get(id) ?? []);
  const places = new Set(held);
  return {
    open: [...kept, ...open.filter((item) => !places.has(item.id))],
    closed: closed.filter((item) => !places.has(item.id)),
  };
}

/** All that belongs to one call, oldest first. */
export interface Facts {
  texts: Text[];
  links: Link[];
  sessions: Session[];
  events: CallEvent[];
  chat: Chat[];
  requests: Request[];
}

export function facts(source: Source, id: string): Facts {
  const of = <T extends { call: string }>(kind: string) => all<T>(source, kind).filter((item) => item.call === id);
  return inOrder({
    texts: of<Text>("text"),
    links: of<Link>("link"),
    sessions: of<Session>("session"),
    events: of<CallEvent>("event"),
    chat: of<Chat>("chat"),
    requests: of<Request>("request"),
  });
}

export function inOrder(known: Facts): Facts {
  return {
    texts: [...known.texts].sort(byTime((item) => item.queued_at)),
    links: [...known.links].sort(byTime((item) => item.created_at)),
    sessions: [...known.sessions].sort(byTime((item) => item.opened_at ?? "")),
    events: [...known.events].sort(byTime((item) => item.at)),
    chat: [...known.chat].sort(byTime((item) => item.at)),
    requests: [...known.requests].sort(byTime((item) => item.at)),
  };
}

/** The session whose phone matters, of a call on the board. */
export function sessionOf(source: Source, item: Call): Session | undefined {
  const sessions = all<Session>(source, "session").filter((one) => one.call === item.id);
  return chosen(item, sessions.sort(byTime((one) => one.opened_at ?? "")));
}

/** The session whose phone matters: the publisher's, else the newest. */
export function session(item: Call, known: Facts): Session | undefined {
  return chosen(item, known.sessions);
}

function chosen(item: Call, sessions: Session[]): Session | undefined {
  return sessions.find((one) => one.id === item.publisher?.session) ?? sessions.at(-1);
}

export type Entry =
  | { type: "event"; id: string; at: string; event: CallEvent }
  | { type: "chat"; id: string; at: string; chat: Chat };

/** Events and chat in one column, newest last. Chat is shown once, as itself. */
export function timeline(known: Facts): Entry[] {
  const entries: Entry[] = [
    ...known.events
      .filter((event) => !/^chat(\W|_|$)/.test(event.kind))
      .map((event): Entry => ({ type: "event", id: `e${event.id}`, at: event.at, event })),
    ...known.chat.map((chat): Entry => ({ type: "chat", id: `c${chat.id}`, at: chat.at, chat })),
  ];
  return entries.sort(byTime((entry) => entry.at));
}

/**
 * The calls whose rooms this console sits in: the selected one, then its user's own open calls,
 * newest first, so that switching between them shows a picture at once.
 */
export function seats(items: Call[], me: number, selected: string | null, most = 4): Call[] {
  const open = items.filter((item) => item.state === "open");
  const first = open.filter((item) => item.id === selected);
  const own = open
    .filter((item) => item.id !== selected && item.owner.id === me)
    .sort(byTime((item) => item.opened_at))
    .reverse();
  return [...first, ...own].slice(0, most);
}

export function ownedBy(item: Call, me: number): boolean {
  return item.owner.id === me;
}
