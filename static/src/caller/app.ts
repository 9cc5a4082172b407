/** The caller's side of one call: which state the page is in, and what leads from one to the next. */
import { Backoff, onReturn, retried } from "../shared/backoff";
import { FeedSocket } from "../shared/feed";
import { Chat } from "./chat";
import type { ChatBody } from "./chat";
import { Claim } from "./claim";
import type { Language } from "./language";
import { Live } from "./live";
import { compose } from "./look";
import type { Remedy } from "./look";
import { Link } from "./link";
import { Memory, fingerprint, uuid } from "./memory";
import { Queue } from "./queue";
import type { OutItem, Receipt } from "./queue";
import type { CallerCall, Refusal, SeatAnswer, Session, What } from "./server";
import { View } from "./view";
import type { State } from "./view";

const ASKS: readonly What[] = ["camera", "microphone", "position"];
const GRACE = 2000;
const UNDO = 600_000; // ms a closed call can be opened again, where the server does not say

export class App {
  private readonly boot = uuid();
  private readonly memory: Memory;
  private readonly view: View;
  private readonly chat: Chat;
  private readonly link: Link;
  private readonly claim: Claim;
  private readonly queue: Queue;
  private language: Language | null = null;
  private readonly live: Live;
  private readonly rest = new Backoff(1000, 30_000); // between a socket's farewell and the next
  private feed: FeedSocket | null = null;
  private state: Exclude<State, "lost"> = "reading";
  private again = false;
  private resume = false;
  private writing = false;
  private remedy: Remedy = null;
  private farewell: ReturnType<typeof setTimeout> | undefined;

  constructor(secret: string) {
    this.memory = new Memory(`sl.${fingerprint(secret)}.`);
    this.link = new Link(secret, this.boot, this.memory, () => this.draw());
    this.claim = new Claim(this.link, {
      pending: (pending) => this.queue.hold(pending),
      taken: () => this.live.taken(),
      settled: () => this.heard(),
      refused: (why, resume) => this.refused(why, resume),
    });
    this.view = new View({
      start: () => this.tap(),
      stop: () => this.stop(),
      microphone: () => this.live.toggleMicrophone(),
      write: (text) => this.write(text),
      openWriting: () => {
        this.writing = true;
        this.draw();
        this.view.focusMessage();
      },
      trouble: () => (this.remedy === "sound" ? this.live.startAudio() : this.tap()),
      placeOff: () => this.live.stopPosition(),
    });
    this.chat = new Chat(this.view.chat, () => this.centre);
    this.queue = new Queue({
      boot: this.boot,
      load: () => this.memory.get("tab", "queue"),
      save: (waiting) => this.memory.set("tab", "queue", waiting.length ? waiting : null),
      send: (boot, items) =>
        this.feed?.status === "live" && this.feed.send({ t: "items", boot, items }),
      post: (boot, items) => this.link.ask<Receipt>("items", { boot, items }),
      refused: (item, why) => this.itemRefused(item, why.code),
    });
    this.live = new Live({
      seat: () => this.link.ask<SeatAnswer>("seat"),
      refused: (why) => this.refused(why),
      permission: (what, outcome, detail) => {
        this.queue.add("permission", { what, outcome, ...(detail ? { detail } : {}) });
        if (what === "camera" && outcome === "granted") this.resume = false;
        else if (what === "camera" && this.resume) this.offerContinue();
      },
      fix: (fix) => this.queue.add("fix", { ...fix }),
      media: (state, camera, microphone) => this.queue.add("media", { state, camera, microphone }),
      changed: () => this.draw(),
    });
    void this.speak();
  }

  start(): void {
    onReturn(() => this.live.refresh());
    this.link.open().then(
      (session) => this.opened(session),
      () => this.finish("dead"),
    );
  }

  private async speak(): Promise<void> {
    const { Language } = await retried(() => import("./language"));
    const chosen = this.link.session?.chosen ?? null;
    this.language = new Language(this.memory, chosen, (language) => {
      this.queue.add("language", { language });
      this.view.quiet = true;
      this.draw();
    });
  }

  private get centre(): string {
    return this.link.session?.centre.name ?? this.view.centre;
  }

  private opened(session: Session): void {
    // A reload after the call has ended, while it can still be opened again.
    if (session.call.state === "closed") this.end(session.call.undo_until);
    else if (this.state === "reading") this.become("ready");
    this.draw();
    this.live.moved(session.call.generation);
    this.queue.open();
    if (session.chosen) this.language?.propose(session.chosen);
    if (this.state === "ready") void this.goOn();
    this.feed = new FeedSocket({
      url: (attempt) => {
        const path = session.ws;
        // Refused twice: perhaps the cookie is gone.
        if (attempt < 2) return path;
        return this.link.open().then(
          () => path,
          () => path,
        );
      },
      hello: { stream: "call", boot: this.boot },
      onChange: () => this.heard(),
      onStatus: (status) => {
        if (status === "live") {
          this.rest.reset();
          this.queue.flush(true);
          void this.language?.settle();
        }
        this.draw();
      },
      onMessage: (message) => {
        if (message.t === "ack") this.queue.take(message.boot, message);
        else if (message.code === "call_closed") this.end(null);
        else if (!message.retry) this.rejoin();
      },
    });
    this.feed.start();
    void this.seen();
  }

  /** Opened means looked at: link previews and background tabs do not count. */
  private async seen(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (document.visibilityState !== "hidden") return resolve();
      const stop = onReturn(() => {
        stop();
        resolve();
      });
    });
    if (this.state === "ready") this.live.warm();
    await this.link.insist(() => this.link.ask("seen")).catch(() => undefined);
  }

  /** The socket was refused for good: with a new cookie, or not at all. */
  private rejoin(): void {
    this.link.open().then(
      () => void this.rest.wait().then(() => this.feed?.start()),
      () => this.finish("dead"),
    );
  }

  /** One tick from the touch to the camera: the server is told beside it, not before. */
  private tap(resume = false): void {
    this.resume = resume;
    this.again = false;
    this.writing = true;
    this.state = "live";
    this.memory.set("tab", "publishing", true);
    void this.claim.make(resume); // before start(): its items follow the tap
    this.live.start(this.link.session?.asks ?? ASKS);
  }

  /** A reload of the page that was sending goes on by itself where the browser lets it. */
  private async goOn(): Promise<void> {
    if (!this.memory.get("tab", "publishing")) return;
    let allowed = true; // where the browser does not say, we try
    try {
      const name = "camera" as PermissionName;
      allowed = (await navigator.permissions.query({ name })).state === "granted";
    } catch {
      // no such question in this browser
    }
    if (this.state !== "ready") return;
    if (allowed) this.tap(true);
    else this.offerContinue();
  }

  private offerContinue(): void {
    this.claim.drop();
    this.live.stop("video");
    this.resume = true;
    this.become("ready");
  }

  private stop(): void {
    this.claim.drop();
    this.memory.set("tab", "publishing", null);
    this.live.stop("video");
    this.queue.add("media", { state: "stopped", camera: false, microphone: false });
    this.become("stopped");
  }

  /** The stream said something. */
  private heard(): void {
    const model = this.feed?.model;
    const call = model?.get<CallerCall>("call", "call");
    if (call?.state === "closed") this.end(call.undo_until);
    else if (call) {
      if (this.state === "ended") this.reopen();
      this.live.moved(call.generation);
      const settled = this.claim.settled && this.live.on && this.feed?.status === "live";
      if (call.publisher === this.boot && this.live.on) this.claim.settle();
      else if (call.publisher && settled) this.taken();
    }
    this.chat.draw(model?.all<ChatBody>("chat") ?? []);
    if (!this.chat.empty) this.writing = true;
    this.draw();
  }

  private refused(why: Refusal, resume = false): void {
    if (why.code === "taken_over") {
      // A seat refused to a page that was put aside, while its new tap is on the way.
      if (this.claim.pending || !this.live.on) return;
      const call = this.feed?.model.get<CallerCall>("call", "call") ?? this.link.session?.call;
      if (resume && !call?.publisher) this.offerContinue();
      else this.taken();
    } else if (why.code === "call_closed") this.end(null);
    else if (why.code === "link_dead") this.finish("dead");
  }

  private taken(): void {
    this.resume = false;
    this.finish("taken");
  }

  private end(undoUntil: string | null): void {
    if (this.state !== "ended") {
      this.queue.forget("fix");
      this.finish("ended");
    }
    // For as long as the call can be opened again we listen, and send nothing.
    clearTimeout(this.farewell);
    const { feed } = this;
    if (!feed) return;
    const wait = undoUntil ? Date.parse(undoUntil) - feed.now() + GRACE : UNDO;
    this.farewell = setTimeout(() => feed.stop(), Math.max(0, wait));
  }

  /** Camera, microphone and position are off before anything else happens. */
  private finish(state: "ended" | "taken" | "dead"): void {
    this.claim.drop();
    this.live.stop("all");
    if (state === "dead") this.feed?.stop();
    this.memory.set("tab", "publishing", null);
    this.become(state);
  }

  private reopen(): void {
    clearTimeout(this.farewell);
    this.again = true;
    this.become("ready");
    this.live.warm();
  }

  private write(text: string): void {
    const seq = this.queue.add("chat", { text });
    this.chat.wrote(`${this.boot}:${seq}`, text);
    this.heard();
  }

  private itemRefused(item: OutItem, code: string): void {
    if (item.kind !== "chat") return;
    this.chat.refused(`${this.boot}:${item.client_seq}`, code);
    this.heard();
  }

  private become(state: Exclude<State, "lost">): void {
    this.state = state;
    this.draw();
  }

  private draw(): void {
    const { state, centre, again, resume, live } = this;
    const offline = this.link.unreachable || this.feed?.status === "lost";
    const shown = state === "live" && offline && !live.up ? "lost" : state;
    const { look, remedy } = compose(
      {
        state: shown,
        centre,
        again,
        resume: resume && !live.on,
        offline,
        writing: this.writing && (state === "ready" || state === "live" || state === "stopped"),
      },
      live,
    );
    this.remedy = remedy;
    this.view.draw(look);
  }
}
