/** All that leaves the phone after the tap: camera, microphone, position. And how it ends. */
import { Backoff } from "../shared/backoff";
import { Capture } from "./capture";
import type { Outcome } from "./capture";
import type { Media, MediaHooks } from "./media";
import { Position } from "./position";
import type { Fix } from "./position";
import type { What } from "./server";

export interface LiveHooks extends Pick<MediaHooks, "seat" | "refused"> {
  permission(what: What, outcome: Outcome, detail?: string): void;
  fix(fix: Fix): void;
  media(state: "live" | "stopped" | "paused", camera: boolean, microphone: boolean): void;
  /** Something to be seen has changed. */
  changed(): void;
}

export class Live {
  /** Between the tap and stop, end or take-over. */
  on = false;
  up = false; // in the room
  down = false; // the centre has no video now
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
  private lock: WakeLockSentinel | null = null;
  private readonly voices: HTMLAudioElement[] = [];
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
        this.paused = paused;
        this.report();
        hooks.changed();
      },
    });
    this.position = new Position({
      fix: (fix) => hooks.fix(fix),
      outcome: (result, detail) => outcome("position", result, detail),
    });
    // Made early: an element made while the page is in the background may stay mute.
    const voice = new Audio();
    voice.autoplay = true;
    this.voices.push(voice);
  }

  get camera(): MediaStreamTrack | null {
    return this.capture.camera;
  }

  get hearsMe(): boolean {
    return this.capture.microphone !== null && !this.muted;
  }

  get follows(): boolean {
    return this.position.running && this.outcomes.position === "granted";
  }

  /** Loads the media code and takes a seat, while the person reads. Nothing of them is sent. */
  warm(): void {
    this.want("warm");
  }

  /** The tap. Everything here starts in this one tick; nothing waits for anything else. */
  start(asks: readonly What[]): void {
    this.on = true;
    this.asks = asks;
    // A position already followed goes on and is not asked for again.
    this.outcomes = this.follows ? { position: "granted" } : {};
    this.muted = this.paused = false;
    this.told = "";
    void this.stayAwake();
    this.startAudio();
    if (asks.includes("position")) this.position.start();
    void this.capture.start(asks);
    this.want("publish");
    this.hooks.changed();
  }

  /** The server has taken the tap: a seat it would not give before is ours now. */
  taken(): void {
    if (this.on) this.want("publish");
  }

  /** The person has stopped the video, or all: camera and microphone are off before this returns. */
  stop(what: "video" | "all"): void {
    this.on = false;
    this.capture.stop();
    if (what === "all") {
      this.position.stop();
      this.wanted = null;
      this.media?.leave();
    }
    void this.lock?.release().catch(() => undefined);
    this.lock = null;
    this.hooks.changed();
  }

  stopPosition(): void {
    this.position.stop();
    this.hooks.changed();
  }

  toggleMicrophone(): void {
    if (!this.capture.microphone) {
      this.muted = false;
      void this.capture.addMicrophone();
      return;
    }
    this.muted = !this.muted;
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
    void this.stayAwake();
    void this.capture.refresh();
  }

  /** Only in a touch: browsers play a voice unasked nowhere else. */
  startAudio(): void {
    for (const voice of this.voices) {
      voice.srcObject ??= new MediaStream();
      voice.play().catch(() => undefined);
    }
    this.media?.startAudio();
  }

  private want(what: "warm" | "publish"): void {
    this.wanted = what;
    if (this.media) this.media.want(what === "publish");
    else this.loading ??= this.load();
  }

  private async load(): Promise<void> {
    const backoff = new Backoff();
    for (;;) {
      try {
        const { Media } = await import("./media");
        this.media = new Media({
          seat: this.hooks.seat,
          refused: this.hooks.refused,
          audio: () => this.voice(),
          silenced: (silenced) => {
            this.silenced = silenced;
            this.hooks.changed();
          },
          changed: ({ up, down, camera, microphone }) => {
            this.up = up;
            this.down = down;
            this.sends = { camera, microphone };
            this.report();
            this.hooks.changed();
          },
        });
        break;
      } catch {
        await backoff.wait(); // no network: position and text work without it
      }
    }
    this.media.moved(this.generation);
    this.pass();
    if (this.wanted) this.want(this.wanted);
  }

  private voice(): HTMLAudioElement {
    const free = this.voices.find((voice) => !hasTracks(voice));
    if (free) return free;
    const voice = new Audio();
    voice.autoplay = true;
    this.voices.push(voice);
    return voice;
  }

  private pass(): void {
    this.media?.send(this.capture.camera, this.capture.microphone, this.muted);
    this.hooks.changed();
  }

  /** Tells the server what is being sent, each time that is something new. */
  private report(): void {
    if (!this.on || !this.up) return;
    const { camera, microphone } = this.sends;
    if (!camera && !microphone && !this.told) return;
    const state = this.paused && camera ? "paused" : "live";
    const now = `${state} ${camera} ${microphone}`;
    if (now === this.told) return;
    this.told = now;
    this.hooks.media(state, camera, microphone);
  }

  private async stayAwake(): Promise<void> {
    if (!("wakeLock" in navigator) || this.lock?.released === false) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this.on) this.lock = lock;
      else await lock.release();
    } catch {
      // a low battery, or a browser that will not: the picture goes on
    }
  }
}

function hasTracks(element: HTMLAudioElement): boolean {
  return element.srcObject instanceof MediaStream && element.srcObject.getTracks().length > 0;
}
