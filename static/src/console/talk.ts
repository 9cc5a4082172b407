/**
 * Push-to-talk: the console's microphone, held muted in the room of one call between presses.
 * Whatever goes wrong, the microphone ends up closed.
 */
import { signal } from "@preact/signals";
import type { Voice } from "./voice";

export type TalkState =
  | "off" // no microphone is held
  | "opening" // the browser asks, or the room is taking it
  | "held" // in the room, muted
  | "talking";

export interface TalkDeps {
  /** This computer's microphone. Rejects with the browser's own error. */
  microphone: () => Promise<MediaStreamTrack>;
  /** Puts it, muted, into the room of the call. Rejects where there is no room. */
  publish: (call: string, track: MediaStreamTrack) => Promise<Voice>;
  onProblem: (call: string, text: string) => void;
}

const KEEP = 60_000; // ms without a press, then the microphone is given back

export class Talk {
  readonly state = signal<TalkState>("off");
  private call: string | null = null;
  private track: MediaStreamTrack | null = null;
  private voice: Voice | null = null;
  private pressed = false;
  private turn = 0; // what was begun before the microphone was given back is thrown away
  private idle: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly deps: TalkDeps) {}

  press(call: string): void {
    if (this.call !== call) this.leave();
    if (this.pressed) return;
    clearTimeout(this.idle);
    this.call = call;
    this.pressed = true;
    if (this.voice) this.speak(true);
    else if (this.state.peek() === "off") void this.open(call);
  }

  release(): void {
    if (!this.pressed) return;
    this.pressed = false;
    this.speak(false);
    this.idle = setTimeout(() => this.leave(), KEEP);
  }

  /** The call is no longer the chosen one, is closed, or has lost its room: give it back. */
  leave(): void {
    this.turn++;
    clearTimeout(this.idle);
    this.pressed = false;
    if (this.track) this.track.onended = null;
    this.track?.stop();
    this.voice?.close();
    this.track = this.voice = this.call = null;
    this.state.value = "off";
  }

  /** This call's room is gone or in doubt. */
  lost(call: string): void {
    if (this.call === call) this.leave();
  }

  private async open(call: string): Promise<void> {
    const turn = ++this.turn;
    this.state.value = "opening";
    try {
      const track = await this.deps.microphone();
      if (turn !== this.turn) {
        track.stop();
        return;
      }
      track.enabled = false; // nothing is said before the room has it and the press still lasts
      track.onended = () => {
        this.leave();
        this.deps.onProblem(call, explain({ name: "NotFoundError" }));
      };
      this.track = track;
      const voice = await this.deps.publish(call, track);
      if (turn !== this.turn) {
        voice.close();
        return;
      }
      this.voice = voice;
      this.speak(this.pressed);
    } catch (error) {
      if (turn !== this.turn) return;
      this.leave();
      this.deps.onProblem(call, explain(error));
    }
  }

  private speak(on: boolean): void {
    if (!this.voice) return;
    this.voice.speak(on);
    this.state.value = on ? "talking" : "held";
  }
}

/** Why nobody was heard, and what to do. */
export function explain(error: unknown): string {
  switch (String((error as { name?: string } | null)?.name)) {
    case "NotAllowedError":
    case "SecurityError":
      return "Microphone blocked. Allow it for this page beside the address, then hold Talk again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "No microphone on this computer. Connect one, then hold Talk again.";
    case "NotReadableError":
    case "AbortError":
      return "Microphone used by another program. Close that program, then hold Talk again.";
    case "InsecureContextError":
      return "No microphone at this address: it is not https. Open the console at its https address.";
    default:
      return "The caller cannot hear you: the room did not take the microphone. Hold Talk again.";
  }
}

/** The browser's microphone, with the caller's own voice taken out of it. */
export async function openMicrophone(): Promise<MediaStreamTrack> {
  const devices = (navigator as { mediaDevices?: MediaDevices }).mediaDevices;
  if (!devices) throw Object.assign(new Error("no secure context"), { name: "InsecureContextError" });
  const stream = await devices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
  return stream.getAudioTracks()[0]!;
}
