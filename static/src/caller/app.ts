/** The caller's side of one call: which state the page is in, and what leads from one to the next. */
import { loaded, onReturn } from "../shared/backoff";
import { Claim } from "./claim";
import type * as Later from "./later";
import type { Line } from "./line";
import { Link } from "./link";
import { Live } from "./live";
import { compose } from "./look";
import type { Facts, Remedy } from "./look";
import type { First } from "./first";
import { Memory } from "./memory";
import type { OutItem } from "./queue";
import type { Refusal, Session, What } from "./server";
import type { Trouble } from "./trouble";
import { View } from "./view";
import type { State } from "./view";

const ASKS: readonly What[] = ["camera", "microphone", "position"];
const GRACE = 2000;
const TAP_FIRST = 1500; // ms that all else waits for the picture of a tap that came before it
const UNDO = 600_000; // ms a closed call can be opened again, where the server does not say

export class App {
  private readonly boot: string;
  private readonly memory: Memory;
  private readonly view: View;
  private readonly link: Link;
  private readonly claim: Claim;
  private readonly live: Live;
  /** What the button does not need, as soon as it is there. */
  private later: typeof Later | null = null;
  private line: Line | null = null;
  private greeted = false; // the line may be opened
  private early: ((line: Line) => void)[] = []; // what is to be sent once there is a line
  private state: Exclude<State, "lost"> = "reading";
  private again = false;
  private resume = false;
  private writing = false;
  private unwatched = false;
  private remedy: Remedy = null;
  private farewell: ReturnType<typeof setTimeout> | undefined;

  constructor(first: First) {
    this.boot = first.boot;
    this.memory = new Memory(first.prefix);
    this.link = new Link(first, this.memory, () => this.draw());
    this.claim = new Claim(this.link, {
      pending: (pending) => this.line?.queue.hold(pending),
      taken: () => this.live.taken(),
      settled: () => this.heard(),
      refused: (why, resume) => this.refused(why, resume),
    });
    this.view = new View({
      start: () => this.tap(),
      stop: () => this.stop(),
      microphone: () => void this.live.toggleMicrophone(),
      write: (text) => this.whenLined((line) => line.write(text)),
      openWriting: () => {
        this.writing = true;
        this.draw();
        this.view.focusMessage();
      },
      trouble: () => this.mend(),
      placeOff: () => this.live.stopPosition(),
      flip: () => void this.live.flip(),
      grant: () => this.line?.requests.grant(),
      decline: () => this.line?.requests.decline(),
    });
    this.live = new Live({
      seat: () => this.link.seat(),
      refused: (why) => this.refused(why),
      permission: (what, outcome, detail) => {
        this.report("permission", { what, outcome, ...(detail ? { detail } : {}) });
        if (what === "camera" && outcome === "granted") this.resume = false;
        else if (what === "camera" && this.resume) this.offerContinue();
      },
      conditions: (names) => this.report("conditions", { names }),
      fix: (fix) => this.report("fix", { ...fix }),
      media: (state, camera, microphone) => this.report("media", { state, camera, microphone }),
      muted: (muted) => this.memory.set("tab", "muted", muted || null),
      changed: () => this.draw(),
    });
  }

  start(): void {
    if (!document.hidden) this.live.prepare();
    onReturn(() => this.live.refresh());
    document.addEventListener("visibilitychange", () => this.live.tell({ hidden: document.hidden }));
    void this.addRest();
    this.link.open().then(
      (session) => this.opened(session),
      () => this.finish("dead"),
    );
  }

  /** The rest of the page: the line to the server, all its sentences, its languages. */
  private async addRest(): Promise<void> {
    const later = await loaded(() => import("./later"));
    await this.unhurried();
    this.later = later;
    const line: Line = new later.Line(
      {
        boot: this.boot,
        memory: this.memory,
        link: this.link,
        live: this.live,
        chat: this.view.chat,
        centre: () => this.centre,
      },
      {
        heard: () => this.heard(),
        changed: () => this.draw(),
        closed: () => this.end(null),
        refused: (why) => this.refused(why),
        dead: () => this.finish("dead"),
        ours: () => !line.call?.publisher || line.call.publisher === this.boot || this.claim.pending,
        state: () => this.state,
        tap: () => this.tap(),
        stop: () => this.stop(true),
        reworded: () => {
          this.view.quiet = true;
          this.draw();
        },
      },
    );
    line.queue.hold(this.claim.pending);
    this.line = line;
    for (const send of this.early.splice(0)) send(line);
    if (this.greeted && this.link.session) line.open(this.link.session);
    this.draw();
  }

  /**
   * A tap that came before all else goes first, for a while: whatever else is done or asked of the
   * server now makes the picture later.
   */
  private async unhurried(): Promise<void> {
    const end = performance.now() + TAP_FIRST;
    const hurry = () => this.claim.pending || this.live.starting;
    while (hurry() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  private whenLined(send: (line: Line) => void): void {
    if (this.line) send(this.line);
    else this.early.push(send);
  }

  private report(kind: OutItem["kind"], fields: Record<string, unknown>): void {
    this.whenLined((line) => line.queue.add(kind, fields));
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
    if (this.state === "ready") void this.goOn();
    void this.greet(session);
  }

  private async greet(session: Session): Promise<void> {
    await this.unhurried();
    this.greeted = true;
    if (this.state === "dead") return;
    this.line?.open(session);
    await this.seen();
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

  /** One tick from the touch to the camera: the server is told beside it, not before. */
  private tap(resume = false): void {
    const muted = (resume || this.resume) && this.memory.get<boolean>("tab", "muted") === true;
    this.resume = resume;
    this.again = this.unwatched = false;
    this.writing = true;
    this.state = "live";
    this.memory.set("tab", "publishing", true);
    void this.claim.make(resume); // before start(): its items follow the tap
    this.live.start(this.link.session?.asks ?? ASKS, muted);
    this.line?.requests.settle("camera");
  }

  /** The button beside the trouble. */
  private mend(): void {
    switch (this.remedy) {
      case "sound":
        return this.live.startAudio();
      case "microphone":
        return void this.live.toggleMicrophone();
      case "position":
        return this.live.startPosition();
      case "camera":
      case null:
        return this.tap();
    }
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

  private stop(unwatched = false): void {
    this.unwatched = unwatched;
    this.claim.drop();
    this.memory.set("tab", "publishing", null);
    this.live.stop("video");
    this.report("media", { state: "stopped", camera: false, microphone: false });
    this.become("stopped");
  }

  /** The stream said something. */
  private heard(): void {
    const { line } = this;
    const call = line?.call;
    if (call?.state === "closed") this.end(call.undo_until);
    else if (line && call) {
      if (this.state === "ended") this.reopen();
      this.live.moved(call.generation);
      const settled = this.claim.settled && this.live.on && line.live;
      if (call.publisher === this.boot && this.live.on) this.claim.settle();
      else if (call.publisher && settled) this.taken();
      line.requests.obey();
    }
    line?.draw();
    if (line && !line.silent) this.writing = true;
    this.draw();
  }

  private refused(why: Refusal, resume = false): void {
    if (why.code === "taken_over") {
      // A seat refused to a page that was put aside, while its new tap is on the way.
      if (this.claim.pending || !this.live.on) return;
      const call = this.line?.call ?? this.link.session?.call;
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
      this.line?.queue.forget("fix");
      this.finish("ended");
    }
    // For as long as the call can be opened again we listen, and send nothing.
    clearTimeout(this.farewell);
    const now = this.line?.now() ?? Date.now();
    const wait = undoUntil ? Date.parse(undoUntil) - now + GRACE : UNDO;
    this.farewell = setTimeout(() => this.line?.stop(), Math.max(0, wait));
  }

  /** Camera, microphone and position are off before anything else happens. */
  private finish(state: "ended" | "taken" | "dead"): void {
    this.claim.drop();
    this.live.stop("all");
    if (state === "dead") this.line?.stop();
    this.memory.set("tab", "publishing", null);
    this.become(state);
  }

  private reopen(): void {
    clearTimeout(this.farewell);
    this.again = true;
    this.become("ready");
    this.live.warm();
  }

  private become(state: Exclude<State, "lost">): void {
    this.state = state;
    this.draw();
  }

  private draw(): void {
    const { state, centre, again, resume, live, unwatched, line } = this;
    const offline = this.link.unreachable || line?.lost === true;
    const facts: Facts = {
      state: state === "live" && offline && !live.up ? "lost" : state,
      centre,
      again,
      resume: resume && !live.on,
      offline,
      unwatched,
      request: line?.requests.wish ?? null,
      writing: this.writing && (state === "ready" || state === "live" || state === "stopped"),
    };
    // The first moment has one trouble only.
    const first: Trouble | null = offline ? { text: "offline", remedy: null } : null;
    const trouble = this.later ? this.later.findTrouble(facts, live) : first;
    this.remedy = trouble?.remedy ?? null;
    this.view.draw(compose(facts, live, trouble));
  }
}
