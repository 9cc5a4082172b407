/** The dispatcher's desk: the stream, the chosen call, the rooms and what was asked of the server. */
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { onReturn } from "../shared/backoff";
import { FeedSocket } from "../shared/feed";
import type { Change, Model, Status } from "../shared/feed";
import { alarms, ring } from "./alarm";
import { Api, ApiError, say } from "./api";
import type { Asked } from "./asks";
import { Outbox } from "./outbox";
import { Parts, ready } from "./parts";
import { NOT_ASKED, NOT_DONE } from "./refused";
import type { Action } from "./refused";
import type { RoomView } from "./roomlink";
import { Rooms } from "./rooms";
import * as store from "./store";
import { openMicrophone, Talk } from "./talk";
import { Tracks } from "./tracks";
import type { Drawn } from "./trouble";
import type { Boot, Call, CallDetail, Chat, Position, Session } from "./types";
import { uuid } from "./uuid";

/** Why this page is over, until somebody follows the link. */
export interface Over {
  title: string;
  link: string;
  href: string;
}

export class Desk {
  readonly api: Api;
  readonly feed: FeedSocket;
  readonly rooms: Rooms;
  readonly outbox: Outbox;
  readonly tracks: Tracks;
  readonly talk: Talk;
  readonly parts = new Parts(ready);
  readonly boot = uuid(); // of this page load

  /** Server time, once a second. */
  readonly now = signal(Date.now());
  readonly status = signal<{ status: Status; since: number }>({ status: "connecting", since: Date.now() });
  readonly selected = signal<string | null>(null);
  /** The order of the open list while somebody points at it. */
  readonly held = signal<string[] | null>(null);
  readonly busy = signal<ReadonlySet<string>>(new Set());
  readonly problem = signal<{ call: string; text: string } | null>(null);
  readonly over = signal<Over | null>(null);
  /** What is drawn on this screen: the call and whether its picture moves. */
  readonly picture = signal<{ call: string; drawn: Drawn } | null>(null);
  /** The chosen call could not be fetched. */
  readonly missing = signal<string | null>(null);

  /** What was typed to each caller and not sent yet. It never shows in another call. */
  readonly unsent = new Map<string, string>();

  private readonly revision = signal(0); // the stream's state
  private readonly roomRevision = signal(0);
  private readonly details = new Map<string, CallDetail>(); // calls the stream does not carry
  private readonly answers = new Map<string, Call>(); // newer than the stream, while it is away
  private readonly firstFrames = new Set<string>();

  readonly calls = computed(() => this.read(() => this.merged()));
  readonly board = computed(() => store.board(this.calls.value, this.now.value, this.held.value));
  readonly call = computed(() => this.calls.value.find((one) => one.id === this.selected.value) ?? this.detail()?.call);
  readonly facts = computed((): store.Facts =>
    this.read(() => {
      const id = this.selected.value ?? "";
      const detail = this.feed.model.get("call", id) ? undefined : this.details.get(id);
      return detail ? store.inOrder(detail) : store.facts(this.feed.model, id);
    }),
  );
  readonly position = computed((): Position | undefined =>
    this.read(() => store.position(this.feed.model, this.selected.value ?? "") ?? this.detail()?.position ?? undefined),
  );
  readonly track = computed(() => this.read(() => this.tracks.of(this.selected.value ?? "")));
  readonly drafts = computed(() => this.read(() => this.outbox.of(this.selected.value ?? "")));
  readonly alarms = computed(() => alarms(this.calls.value).filter((one) => one.call !== this.selected.value));
  readonly videoDown = computed(() => this.read(() => store.videoDown(this.feed.model)));

  constructor(readonly page: Boot) {
    this.api = new Api(page.api, page.csrf, () => this.signedOut());
    this.rooms = new Rooms({
      load: () => import("livekit-client"),
      seat: (call) => this.api.seat(call, this.boot),
      onView: (call, view) => {
        if (view.state !== "connected") this.talk.lost(call);
        bump(this.roomRevision);
      },
    });
    this.talk = new Talk({
      microphone: openMicrophone,
      publish: (call, track) => this.rooms.speak(call, track),
      onProblem: (call, text) => void (this.problem.value = { call, text }),
    });
    const changed = () => bump(this.revision);
    this.outbox = new Outbox({
      write: (call, text, command) => this.write(call, text, command),
      explain: say,
      now: () => this.feed.now(),
      onChange: changed,
    });
    this.tracks = new Tracks((call) => this.api.track(call), changed);
    this.feed = new FeedSocket({
      url: page.ws,
      hello: { stream: "centre", centre: page.centre.slug, boot: this.boot },
      onChange: (model, changes) => this.apply(model, changes),
      onStatus: (status) => {
        this.status.value = { status, since: Date.now() };
        if (status === "live") this.tracks.forget();
      },
      onMessage: (message) => {
        if (message.t !== "bye" || message.retry) return;
        if (message.code === "signed_out") this.signedOut();
        else this.over.value = { title: message.message, link: "Open the console again", href: location.href };
      },
    });
  }

  /** Everything runs from here on. */
  start(): void {
    this.selected.value = fromHash();
    addEventListener("hashchange", () => (this.selected.value = fromHash()));
    const tick = () => {
      this.now.value = this.feed.now();
      setTimeout(tick, 1000 - (this.now.value % 1000));
    };
    tick();
    setInterval(() => void this.parts.tick(), 500);
    effect(() => {
      const calls = store.seats(this.calls.value, this.page.user.id, this.selected.value);
      untracked(() => this.rooms.want(calls));
    });
    effect(() => {
      if (!this.videoDown.value) this.rooms.nudge();
    });
    effect(() => this.attend(this.selected.value, this.status.value.status));
    onReturn(() => this.rooms.nudge());
    const away = () => this.talk.release();
    addEventListener("blur", away);
    document.addEventListener("visibilitychange", away);
    ring(computed(() => this.alarms.value.length > 0));
    this.feed.start();
  }

  room(call: string): RoomView | undefined {
    void this.roomRevision.value;
    return this.rooms.view(call);
  }

  /** The phone that matters of a call on the board. */
  session(call: Call): Session | undefined {
    return this.read(() => store.sessionOf(this.feed.model, call));
  }

  select(id: string | null): void {
    batch(() => {
      this.selected.value = id;
      this.problem.value = null;
    });
    const hash = id ? `#call=${encodeURIComponent(id)}` : "";
    if (location.hash !== hash) history.replaceState(null, "", location.pathname + location.search + hash);
  }

  isBusy(call: string, action: Action): boolean {
    return this.busy.value.has(`${call}:${action}`);
  }

  async act(call: string, action: Action): Promise<void> {
    const key = `${call}:${action}`;
    if (this.busy.value.has(key)) return;
    this.busy.value = new Set([...this.busy.value, key]);
    await this.attempt(call, NOT_DONE[action], async () => this.learn((await this.api.act(call, action)).call));
    this.busy.value = new Set([...this.busy.value].filter((one) => one !== key));
  }

  /** Ask the caller's page for something; what becomes of it comes by the stream. */
  async ask(call: string, what: Asked): Promise<void> {
    await this.attempt(call, NOT_ASKED[what], () => this.api.request(call, what, uuid()));
  }

  /** The state of a call's picture on this screen; undefined: none is drawn. */
  drawn(call: string): Drawn {
    const { value } = this.picture;
    return value?.call === call ? value.drawn : undefined;
  }

  draw(call: string, drawn: Drawn): void {
    const before = this.picture.peek();
    if (before?.call === call && before.drawn === drawn) return;
    if (drawn || before?.call === call) this.picture.value = drawn ? { call, drawn } : null;
  }

  private async attempt(call: string, failed: string, work: () => Promise<unknown>): Promise<void> {
    if (this.problem.value?.call === call) this.problem.value = null;
    try {
      await work();
    } catch (error) {
      this.problem.value = { call, text: `${failed}. ${say(error)}` };
    }
  }

  /** The link leads through the sign-in back to this very call. */
  private signedOut(): void {
    const next = encodeURIComponent(location.pathname + location.search + location.hash);
    this.over.value = { title: "You are signed out", link: "Sign in again", href: `${this.page.urls.login}?next=${next}` };
  }

  /** A call as an answer of the server shows it: the stream may be a moment behind, or away. */
  learn(call: Call): void {
    const known = this.feed.model.get("call", call.id);
    if (known && this.status.value.status === "live") return;
    this.answers.set(call.id, call);
    bump(this.revision);
  }

  /** Once for each publisher of each generation: the first picture a dispatcher really saw. */
  async firstFrame(call: Call, identity: string, width: number, height: number): Promise<void> {
    const key = `${call.id}:${call.generation}:${identity}`;
    if (this.firstFrames.has(key)) return;
    this.firstFrames.add(key);
    for (let attempt = 0; attempt < 4; attempt++) {
      try {
        return await this.api.firstFrame(call.id, { identity, width, height });
      } catch (error) {
        if (error instanceof ApiError && error.status >= 400 && error.status < 500) return;
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
      }
    }
  }

  private read<T>(look: () => T): T {
    void this.revision.value;
    return look();
  }

  private merged(): Call[] {
    const known = new Map(store.calls(this.feed.model).map((one) => [one.id, one]));
    for (const [id, answer] of this.answers) known.set(id, answer);
    return [...known.values()];
  }

  private detail(): CallDetail | undefined {
    void this.revision.value;
    return this.details.get(this.selected.value ?? "");
  }

  private apply(model: Model, changes: Change[]): void {
    for (const change of changes) {
      if (change.of === "item" && change.kind === "call") {
        this.answers.delete(change.id);
        // Gone from the stream while it is being looked at: fetch it as the old call it now is.
        if (!change.body && change.id === this.selected.peek()) queueMicrotask(() => this.attend(change.id, "live"));
      }
      if (change.of === "latest" && change.body && change.key.startsWith("position:")) {
        this.tracks.append(change.body as unknown as Position);
      }
      if (change.of === "latest" && change.key === "health") this.parts.told(store.parts(model) ?? {});
    }
    if (changes.some((change) => change.of === "item" && change.kind === "chat")) {
      this.outbox.settle(model.all<Chat>("chat"));
    }
    bump(this.revision);
  }

  /** Fetch what the stream does not carry of the chosen call: its track, and old calls whole. */
  private attend(id: string | null, status: Status): void {
    this.missing.value = null;
    if (!id || status !== "live") return;
    void this.tracks.load(id);
    if (this.feed.model.get("call", id) || this.details.has(id)) return;
    this.api.detail(id).then(
      (detail) => {
        this.details.set(id, detail);
        bump(this.revision);
      },
      (error: unknown) => {
        if (this.selected.peek() === id && !this.feed.model.get("call", id)) this.missing.value = say(error);
      },
    );
  }

  private async write(call: string, text: string, command: string): Promise<Chat> {
    const chat = await this.api.write(call, text, command);
    const detail = this.details.get(call);
    if (detail) this.details.set(call, { ...detail, chat: [...detail.chat, chat] });
    return chat;
  }
}

/** Tells what depends on it, without depending on it itself. */
function bump(revision: Signal<number>): void {
  revision.value = revision.peek() + 1;
}

function fromHash(): string | null {
  return new URLSearchParams(location.hash.slice(1)).get("call");
}
