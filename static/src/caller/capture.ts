/** Camera and microphone: asked for together, and each alone where that fails. */
import type { What } from "./server";

export type Outcome =
  | "granted"
  | "denied"
  | "dismissed"
  | "absent"
  | "busy"
  | "timeout"
  | "insecure"
  | "unsupported"
  | "failed";

export interface CaptureHooks {
  outcome(what: What, outcome: Outcome, detail?: string): void;
  /** `camera` or `microphone` is another track than before. */
  changed(): void;
  /** The phone paused the camera (a phone call, another app), or gave it back. */
  paused(paused: boolean): void;
}

/** First frame first: small pictures start sooner and get through worse networks. */
const SIZE: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 360 } };
const PATIENCE = 12000;
const SETTLE = 1000;
const ONCE_IN = 60000;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function outcomeOf(error: unknown): Outcome {
  const { name = "", message = "" } = (error ?? {}) as { name?: string; message?: string };
  switch (name) {
    case "NotAllowedError":
    case "PermissionDeniedError":
    case "SecurityError":
      return /dismiss/i.test(message) ? "dismissed" : "denied";
    case "NotFoundError":
    case "DevicesNotFoundError":
    case "OverconstrainedError":
      return "absent";
    case "NotReadableError":
    case "TrackStartError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

export class Capture {
  camera: MediaStreamTrack | null = null;
  microphone: MediaStreamTrack | null = null;
  facing: "environment" | "user" = "environment";
  private turn = 0; // an answer that belongs to an earlier turn is thrown away
  private reacquired = -Infinity; // when the camera was last asked for after it went away

  constructor(private readonly hooks: CaptureHooks) {}

  /** Called within the tap: reaches getUserMedia in the same tick. */
  async start(asks: readonly What[]): Promise<void> {
    this.stop();
    const turn = this.turn;
    const both = (["camera", "microphone"] as const).filter((what) => asks.includes(what));
    if (both.length === 0) return;
    if (await this.ask(both, turn)) return;
    if (both.length < 2) return;
    // One refusal must cost only itself. Camera first: the caller speaks on the phone anyway.
    for (const what of both) if (turn === this.turn) await this.ask([what], turn, true);
  }

  /** Only the microphone, while the picture goes on. */
  async addMicrophone(): Promise<boolean> {
    await this.ask(["microphone"], this.turn, true);
    return this.microphone !== null;
  }

  /** The other camera, while the sound goes on. False where there is none to be had. */
  async flip(): Promise<boolean> {
    const { turn, camera: old } = this;
    if (!old) return false;
    const known = old.getSettings().deviceId;
    const other = this.facing === "user" ? "environment" : "user";
    release(old); // phones have one camera open at a time
    const track = (await this.open({ facingMode: { exact: other } })) ?? (await this.open(await another(known)));
    if (turn !== this.turn) {
      release(track);
      return false;
    }
    if (track) {
      this.facing = other;
      this.adopt(track);
      this.hooks.paused(false);
    } else {
      this.camera = null;
    }
    this.hooks.changed();
    if (!track) await this.ask(["camera"], turn, true); // back to the one there was
    return track !== null;
  }

  private async open(which: MediaTrackConstraints | null): Promise<MediaStreamTrack | null> {
    if (!which) return null;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { ...SIZE, ...which } });
      return stream.getVideoTracks()[0] ?? null;
    } catch {
      return null;
    }
  }

  stop(): void {
    this.turn++;
    const tracks = [this.camera, this.microphone];
    this.camera = this.microphone = null;
    for (const track of tracks) release(track);
    if (tracks.some(Boolean)) this.hooks.changed();
  }

  /** The page came back to the front: take the camera again if the phone took it away. */
  async refresh(): Promise<void> {
    const camera = this.camera;
    if (!camera) return;
    // Most phones give a paused camera back by themselves in a moment.
    if (camera.readyState === "live" && camera.muted) await sleep(SETTLE);
    if (this.camera !== camera) return;
    if (camera.readyState === "ended" || camera.muted) await this.reacquire();
  }

  private async ask(
    whats: readonly ("camera" | "microphone")[],
    turn: number,
    alone = false,
  ): Promise<boolean> {
    const report = (outcome: Outcome, detail?: string) => {
      if (turn !== this.turn) return;
      for (const what of whats) this.hooks.outcome(what, outcome, detail);
    };
    if (!("mediaDevices" in navigator) || !("getUserMedia" in navigator.mediaDevices)) {
      report(isSecureContext ? "unsupported" : "insecure");
      return true; // asking again cannot help
    }
    // Some in-app browsers never ask and never answer. Say so, but take a late answer too: a
    // person may just need longer to read.
    const timer = setTimeout(() => report("timeout"), PATIENCE);
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: whats.includes("camera") && { ...SIZE, facingMode: { ideal: this.facing } },
        audio: whats.includes("microphone"),
      });
    } catch (error) {
      if (whats.length === 1 || alone) report(outcomeOf(error), (error as Error).name);
      return false;
    } finally {
      clearTimeout(timer);
    }
    if (turn !== this.turn) {
      for (const track of stream.getTracks()) track.stop();
      return true;
    }
    const [camera] = stream.getVideoTracks();
    const [microphone] = stream.getAudioTracks();
    if (camera) this.adopt(camera);
    if (microphone) this.listen(microphone);
    this.hooks.changed(); // the picture first, the report after it
    report("granted");
    return true;
  }

  private adopt(track: MediaStreamTrack): void {
    release(this.camera);
    this.camera = track;
    track.onended = () => {
      // In the background a camera cannot be had: refresh() takes it when the page is back.
      if (document.visibilityState !== "hidden") void this.reacquire();
    };
    track.onmute = () => this.hooks.paused(true);
    track.onunmute = () => this.hooks.paused(false);
  }

  private listen(track: MediaStreamTrack): void {
    release(this.microphone);
    this.microphone = track;
    track.onended = () => {
      this.microphone = null; // a phone call took it, say; the person can turn it on again
      this.hooks.changed();
      this.hooks.outcome("microphone", "failed", "ended");
    };
  }

  /** Once by ourselves; after that the person decides. */
  private async reacquire(): Promise<void> {
    const turn = this.turn;
    const now = performance.now();
    const lately = now - this.reacquired < ONCE_IN;
    this.reacquired = now;
    release(this.camera);
    this.camera = null;
    this.hooks.changed();
    if (lately) this.hooks.outcome("camera", "failed", "ended");
    else if (await this.ask(["camera"], turn, true)) this.hooks.paused(false);
  }
}

/** Another camera than this one, where the phone names several. */
async function another(known: string | undefined): Promise<MediaTrackConstraints | null> {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  const found = devices.find(({ kind, deviceId }) => kind === "videoinput" && deviceId && deviceId !== known);
  return found ? { deviceId: { exact: found.deviceId } } : null;
}

/** Whether there is a camera to turn to. */
export async function hasTwoCameras(): Promise<boolean> {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  return devices.filter(({ kind }) => kind === "videoinput").length > 1;
}

function release(track: MediaStreamTrack | null): void {
  if (!track) return;
  track.onended = track.onmute = track.onunmute = null;
  track.stop();
}
