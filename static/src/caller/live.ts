/** All that leaves the phone after the tap: camera, microphone, position. And how it ends. */
import { loaded, retried } from "../shared/backoff";
import type { ConditionName } from "../shared/protocol";
import { Capture, hasTwoCameras } from "./capture";
import type { Outcome } from "./capture";
import type { Media, MediaHooks } from "./media";
import type { OwnPicture, PictureTrouble } from "./ownpicture";
import { conditionsOf } from "./conditions";
import { Awake, Voices } from "./device";
import { Position } from "./position";
import type { Fix } from "./position";
import type { What } from "./server";

export interface LiveHooks extends Pick<MediaHooks, "seat" | "refused"> {
  permission(what: What, outcome: Outcome, detail?: string): void;
  fix(fix: Fix): void;
  /** What is not as it should be, by the names of the protocol. */
  conditions(names: ConditionName[]): void;
  media(state: "live" | "stopped" | "paused", camera: boolean, microphone: boolean): void;
  /** The microphone is kept off, or is not: a reload is to leave that as it is. */
  muted(muted: boolean): void;
  /** Something to be seen has changed. */
  changed(): void;
}

const SETTLED = 2000; // ms after the tap

export class Live {
  /** Between the tap and stop, end or take-over. */
  on = false;
  up = false; // in the room
  down = false; // the centre has no video now
  blocked = false; // the network lets no video through
  incapable = typeof RTCPeerConnection === "undefined";
  tcp = false;
  hidden = false;
  /** No socket to the server: it is asked every few seconds instead. */
  socketless = false;
  canFlip = false;
  /** The centre has muted the microphone; until the person turns it on again. */
  hushed = false;
  picture: PictureTrouble = null;
  sends = { camera: false, microphone: false };
  muted = false;
  paused = false; // by the phone
  silenced = false;
  asks: readonly What[] = [];
  outcomes: Partial<Record<What, Outcome>> = {};
  private loading: Promise<void> | null = null;
  private media: Media | null = null;
  private wanted: "warm" | "publish" | null = null;
  private generation = 0;
  private told = "";
  private toldConditions: string | null = null;
  private flipping = false;
  private own: OwnPicture | null = null;
  private readonly awake = new Awake();
  private readonly voices = new Voices();
  private readonly capture: Capture;
  private readonly position: Position;

  constructor(private readonly hooks: LiveHooks) {
    const outcome = (what: What, result: Outcome, detail?: string) => {
      this.outcomes[what] = result;
      hooks.permission(what, result, detail);
      hooks.changed();
    };
    this.capture = new Capture({
      outcome,
      changed: () => this.pass(),
      paused: (paused) => {
        if (this.paused === paused) return;
        this.paused = paused;
        this.report();
        hooks.changed();
      },
    });
    this.position = new Position({
      fix: (fix) => hooks.fix(fix),
      outcome: (result, detail) => outcome("position", result, detail),
    });
  }

  get facing(): "environment" | "user" {
    return this.capture.facing;
  }

  get camera(): MediaStreamTrack | null {
    return this.capture.camera;
  }

  get hearsMe(): boolean {
    return this.capture.microphone !== null && !this.muted;
  }

  /** Tapped, and the first picture can still come at any moment. */
  get starting(): boolean {
    const failed = this.outcomes.camera !== undefined && this.outcomes.camera !== "granted";
    return this.on && this.asks.includes("camera") && !failed && !this.incapable && !this.sends.camera;
  }

  get follows(): boolean {
    return this.position.running && this.outcomes.position === "granted";
  }

  /** Fetches the media code, which takes longer than anything else. */
  prepare(): void {
    if (!this.incapable) this.loading ??= this.load();
  }

  /** Takes a seat while the person reads. Nothing of them is sent. */
  warm(): void {
    this.want("warm");
  }

  /**
   * The tap. Everything here starts in this one tick; nothing waits for anything else. `muted`: the
   * microphone was off before a reload. A tap that mends the camera turns no microphone on either.
   */
  start(asks: readonly What[], muted = false): void {
    const { on: again, hushed } = this;
    this.muted = muted || (again && this.muted);
    this.hushed = again && hushed;
    this.on = true;
    this.asks = asks;
    // A position already followed goes on and is not asked for again.
    this.outcomes = this.follows ? { position: "granted" } : {};
    this.paused = false;
    this.told = "";
    this.hooks.muted(this.muted);
    // The camera first: the picture waits for nothing else.
    void this.capture.start(asks).then(() => this.count());
    this.want("publish");
    this.startAudio();
    void this.awake.hold();
    if (asks.includes("position")) this.position.start();
    this.watchOwn();
    this.hooks.changed();
  }

  /** The server has taken the tap: a seat it would not give before is ours now. */
  taken(): void {
    if (this.on) this.want("publish");
  }

  /** The person has stopped the video, or all: camera and microphone are off before this returns. */
  stop(what: "video" | "all"): void {
    this.on = false;
    this.own?.stop();
    this.own = null;
    this.picture = null;
    this.capture.stop();
    if (what === "all") {
      this.position.stop();
      this.wanted = null;
      this.media?.leave();
    }
    this.awake.release();
    this.reportConditions();
    this.hooks.changed();
  }

  stopPosition(): void {
    this.position.stop();
    this.hooks.changed();
  }

  /** The person wants to be asked for the position again. */
  startPosition(): void {
    this.position.start();
    this.hooks.changed();
  }

  /** Turn to the other camera; false where that did not work. */
  async flip(): Promise<boolean> {
    if (this.flipping || !this.on) return false;
    this.flipping = true;
    try {
      return await this.capture.flip();
    } finally {
      this.flipping = false;
      this.hooks.changed();
    }
  }

  /** The centre turns the microphone off; only the person turns it on again. */
  hush(): void {
    // Also where the phone is still asking: what it gives then stays off.
    if (!this.on || this.muted) return;
    this.hushed = true;
    this.mute(true);
  }

  /** Whether the microphone is then as it was wanted; a phone may refuse. */
  async toggleMicrophone(): Promise<boolean> {
    this.hushed = false;
    if (this.capture.microphone) {
      this.mute(!this.muted);
      return true;
    }
    this.mute(false);
    return this.capture.addMicrophone();
  }

  private mute(muted: boolean): void {
    this.muted = muted;
    this.hooks.muted(muted);
    this.pass();
  }

  moved(generation: number): void {
    this.generation = generation;
    this.media?.moved(generation);
  }

  /** The page is in front again. */
  refresh(): void {
    this.position.refresh();
    if (!this.on) return;
    void this.awake.hold();
    void this.capture.refresh();
  }

  /** Only in a touch: browsers play a voice unasked nowhere else. */
  startAudio(): void {
    this.voices.start();
    this.media?.startAudio();
  }

  /** What only the page knows: it is in the background; its socket is blocked. */
  tell(facts: { hidden?: boolean; socketless?: boolean }): void {
    Object.assign(this, facts);
    this.report();
  }

  private async count(): Promise<void> {
    // Phones name their cameras only once they were allowed.
    this.canFlip = this.capture.camera !== null && (await hasTwoCameras());
    this.hooks.changed();
  }

  private watchOwn(): void {
    const own = document.getElementById("own") as HTMLVideoElement | null;
    if (!own || this.own) return;
    const later = new Promise((resolve) => setTimeout(resolve, SETTLED)); // nothing beside the first picture
    void later.then(() => retried(() => import("./ownpicture"))).then(({ OwnPicture }) => {
      if (!this.on || this.own) return;
      this.own = new OwnPicture(own, (trouble) => {
        this.picture = trouble;
        this.report();
        this.hooks.changed();
      });
    });
  }

  private want(what: "warm" | "publish"): void {
    this.wanted = what;
    if (this.incapable) return this.report();
    if (this.media) this.media.want(what === "publish");
    else this.loading ??= this.load();
  }

  private async load(): Promise<void> {
    const { Media } = await loaded(() => import("./media"));
    this.media = new Media({
      seat: this.hooks.seat,
      refused: this.hooks.refused,
      audio: () => this.voices.free(),
      silenced: (silenced) => {
        this.silenced = silenced;
        this.hooks.changed();
      },
      hushed: () => this.hush(),
      changed: ({ up, down, blocked, tcp, camera, microphone }) => {
        Object.assign(this, { up, down, blocked, tcp });
        this.sends = { camera, microphone };
        this.report();
        this.hooks.changed();
      },
    });
    this.media.moved(this.generation);
    this.pass();
    if (this.wanted) this.want(this.wanted);
  }

  private pass(): void {
    this.media?.send(this.capture.camera, this.capture.microphone, this.muted);
    this.hooks.changed();
  }

  /** Tells the server what is being sent, each time that is something new. */
  private report(): void {
    this.reportConditions();
    if (!this.on || !this.up) return;
    const { camera, microphone } = this.sends;
    if (!camera && !microphone && !this.told) return;
    const state = this.paused && camera ? "paused" : "live";
    const now = `${state} ${camera} ${microphone}`;
    if (now === this.told) return;
    this.told = now;
    this.hooks.media(state, camera, microphone);
  }

  private reportConditions(): void {
    const names = conditionsOf(this);
    // A page that was loaded again says so even where all is well: the last one said "hidden".
    if (names.join() === this.toldConditions) return;
    this.toldConditions = names.join();
    this.hooks.conditions(names);
  }
}
