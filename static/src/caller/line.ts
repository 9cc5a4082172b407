/**
 * The line to the server, besides the picture: the call's state in, items out, words both ways.
 * Loaded at once beside the page's first script, which does not need it for its button.
 */
import { Backoff, onReturn } from "../shared/backoff";
import { FeedSocket } from "../shared/feed";
import { Chat } from "./chat";
import type { ChatBody } from "./chat";
import { Language } from "./language";
import type { Link } from "./link";
import type { Live } from "./live";
import type { Memory } from "./memory";
import { Poll } from "./poll";
import { Queue } from "./queue";
import type { OutItem, Receipt } from "./queue";
import { Requests } from "./requests";
import type { RequestHooks } from "./requests";
import type { CallerCall, Refusal, Session } from "./server";

export interface LineParts {
  boot: string;
  memory: Memory;
  link: Link;
  live: Live;
  chat: HTMLElement;
  centre(): string;
}

export interface LineHooks extends Pick<RequestHooks, "ours" | "state" | "tap" | "stop"> {
  /** The stream said something, or words changed. */
  heard(): void;
  /** Whether the server is heard, and how, has changed. */
  changed(): void;
  closed(): void;
  refused(why: Refusal): void;
  dead(): void;
  /** The page speaks another language, or knows more words of its own. */
  reworded(): void;
}

export class Line {
  readonly queue: Queue;
  readonly requests: Requests;
  private readonly chat: Chat;
  private readonly language: Language;
  private readonly rest = new Backoff(1000, 30_000); // between a socket's farewell and the next
  private feed: FeedSocket | null = null;
  private poll: Poll | null = null;

  constructor(
    private readonly parts: LineParts,
    private readonly hooks: LineHooks,
  ) {
    const { boot, memory, link, live } = parts;
    this.chat = new Chat(parts.chat, () => parts.centre());
    this.queue = new Queue({
      boot,
      load: () => memory.get("tab", "queue"),
      save: (waiting) => memory.set("tab", "queue", waiting.length ? waiting : null),
      live: () => this.live,
      send: (from, items) => this.feed!.send({ t: "items", boot: from, items }),
      post: (from, items) => link.ask<Receipt>("items", { boot: from, items }),
      refused: (from, item, why) => this.itemRefused(from, item, why.code),
    });
    for (const { key, text } of this.queue.words) this.chat.wrote(key, text);
    onReturn(() => this.queue.flush(true));
    addEventListener("pagehide", () => {
      for (const [from, items] of this.queue.leaving()) link.leave("items", { boot: from, items });
    });
    this.language = new Language(memory, (language) => {
      if (language) this.queue.add("language", { language });
      hooks.reworded();
    });
    this.requests = new Requests(live, {
      ...hooks,
      open: () => this.feed?.model.all("request") ?? [],
      answer: (request, outcome) => {
        this.queue.add("answer", { request, outcome });
        hooks.changed();
      },
    });
  }

  /** The socket is up. */
  get live(): boolean {
    return this.feed?.status === "live";
  }

  /** Nothing is heard of the server, neither by socket nor by asking. */
  get lost(): boolean {
    return this.feed?.status === "lost" && !this.poll?.works;
  }

  get call(): CallerCall | undefined {
    return this.feed?.model.get<CallerCall>("call", "call");
  }

  /** The server's time, ms since 1970. */
  now(): number {
    return this.feed?.now() ?? Date.now();
  }

  /** Something was said or written; the page then keeps its field for words open. */
  get silent(): boolean {
    return this.chat.empty;
  }

  open(session: Session): void {
    const { link, live } = this.parts;
    this.queue.open();
    if (session.chosen) this.language.propose(session.chosen);
    const feed = new FeedSocket({
      url: (attempt) => {
        // Refused twice: perhaps the cookie is gone. While asking works, it is not.
        if (attempt < 2 || this.poll?.works) return session.ws;
        return link.open().then(
          () => session.ws,
          () => session.ws,
        );
      },
      hello: { stream: "call", boot: this.parts.boot },
      answers: true,
      onChange: () => this.hooks.heard(),
      onStatus: (status) => {
        if (status === "live") {
          this.rest.reset();
          this.queue.flush(true);
          this.language.settle();
        }
        this.poll?.heard(status === "live");
        this.hooks.changed();
      },
      onMessage: (message) => {
        if (message.t === "ack") this.queue.take(message.boot, message);
        else if (message.code === "call_closed") this.hooks.closed();
        else if (!message.retry) this.rejoin();
      },
    });
    this.poll = new Poll(feed, {
      ask: (known) => link.ask("poll", known),
      changed: (works) => {
        live.tell({ socketless: works });
        this.hooks.changed();
      },
      refused: (why) => this.hooks.refused(why),
    });
    this.feed = feed;
    this.poll.heard(false);
    feed.start();
  }

  stop(): void {
    this.feed?.stop();
    this.poll?.stop();
  }

  write(text: string): void {
    const seq = this.queue.add("chat", { text });
    this.chat.wrote(`${this.parts.boot}:${seq}`, text);
    this.hooks.heard();
  }

  draw(): void {
    this.chat.draw(this.feed?.model.all<ChatBody>("chat") ?? []);
  }

  /** The socket was refused for good: with a new cookie, or not at all. */
  private rejoin(): void {
    this.parts.link.open().then(
      () => void this.rest.wait().then(() => this.feed?.start()),
      () => this.hooks.dead(),
    );
  }

  private itemRefused(boot: string, item: OutItem, code: string): void {
    if (item.kind !== "chat") return;
    this.chat.refused(`${boot}:${item.client_seq}`, code);
    this.hooks.heard();
  }
}
