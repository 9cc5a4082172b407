/** Loaded while the person reads: keeps a seat in the call's room for as long as it is wanted. */
import { DisconnectReason } from "livekit-client";
import { Backoff, onReturn } from "../shared/backoff";
import { Seat } from "./seat";
import type { SeatHooks } from "./seat";
import type { Refusal, SeatAnswer } from "./server";

export interface MediaState {
  up: boolean;
  /** The centre has no video now. */
  down: boolean;
  /** The centre has, but this network does not let it through. */
  blocked: boolean;
  /** The slow way: the network lets no UDP through. */
  tcp: boolean;
  camera: boolean;
  microphone: boolean;
}

export interface MediaHooks extends Pick<SeatHooks, "audio" | "silenced" | "hushed"> {
  /** Asks for a seat; throws a Refusal. */
  seat(): Promise<SeatAnswer>;
  /** What is sent, or whether it can be, has changed. */
  changed(state: MediaState): void;
  /** The server will not have us: `taken_over`, `call_closed`, … */
  refused(why: Refusal): void;
}

const BRIEF = 3000; // ms: a seat that lasted less is a sign of trouble
const WAVERING = 4000; // ms the SDK may try by itself before we ask for a new seat besides

/** A seat was given, and the way to it failed. */
class Unreached extends Error {}

export class Media {
  private seat: Seat | null = null;
  private next: Seat | null = null; // being connected
  private seated = -Infinity; // when the last seat was taken
  private usable = false;
  private wanted = false;
  private publishing = false;
  private generation = 0;
  private seeking = false;
  private down = false;
  private blocked = false;
  private camera: MediaStreamTrack | null = null;
  private microphone: MediaStreamTrack | null = null;
  private mute = false;
  private doubt: ReturnType<typeof setTimeout> | undefined;
  private readonly backoff = new Backoff();

  constructor(private readonly hooks: MediaHooks) {
    onReturn(() => this.backoff.wake());
  }

  /** Be in the room. `publishing`: after the tap; come back even if put out. */
  want(publishing: boolean): void {
    this.wanted = true;
    this.publishing = publishing;
    this.seek();
  }

  /** The call has moved to another room. */
  moved(generation: number): void {
    if (generation <= this.generation) return;
    this.generation = generation;
    if (this.wanted) this.seek();
  }

  send(camera: MediaStreamTrack | null, microphone: MediaStreamTrack | null, mute: boolean): void {
    this.camera = camera;
    this.microphone = microphone;
    this.mute = mute;
    for (const seat of [this.seat, this.next]) seat?.send(camera, microphone, mute);
  }

  startAudio(): void {
    for (const seat of [this.seat, this.next]) seat?.startAudio();
  }

  leave(): void {
    this.wanted = this.publishing = false;
    this.send(null, null, false);
    this.backoff.wake();
    this.next?.leave();
    this.drop();
    this.tell();
  }

  private needed(): boolean {
    const seated = this.seat && this.usable && this.seat.generation >= this.generation;
    return this.wanted && !seated;
  }

  private lostAtOnce(): boolean {
    return !this.usable && performance.now() - this.seated < BRIEF;
  }

  private seek(): void {
    if (this.seeking) this.backoff.wake();
    else void this.run();
  }

  private async run(): Promise<void> {
    this.seeking = true;
    while (this.needed()) {
      try {
        // A seat lost as soon as taken: do not run in circles.
        if (this.lostAtOnce()) await this.backoff.wait();
        const answer = await this.hooks.seat();
        this.down = false;
        // The SDK may have come back meanwhile, or the call may have moved on.
        if (!this.needed()) break;
        if (answer.generation < this.generation) throw new Error("an older room");
        await this.sit(answer);
      } catch (error) {
        const refusal = error as Partial<Refusal>;
        if (refusal.code && !refusal.passing) {
          this.wanted = false;
          this.drop();
          this.hooks.refused(error as Refusal);
          break;
        }
        this.down = refusal.code === "video_down";
        // We were given a seat (that is no refusal), and could not get to it.
        this.blocked = !refusal.code && error instanceof Unreached;
        this.tell();
        if (this.needed()) await this.backoff.wait();
      }
    }
    this.seeking = false;
    this.tell();
  }

  private async sit(answer: SeatAnswer): Promise<void> {
    // In the same room the old place must be empty first, or its client would come back and put
    // the new one out. In another room it goes on until the new one is there.
    if (this.seat?.generation === answer.generation) this.drop();
    const seat: Seat = new Seat(answer, {
      audio: this.hooks.audio,
      silenced: this.hooks.silenced,
      hushed: this.hooks.hushed,
      state: (state, reason) => this.heard(seat, state, reason),
      sending: () => {
        if (seat === this.seat) this.tell();
      },
    });
    this.next = seat;
    this.send(this.camera, this.microphone, this.mute);
    try {
      await seat.connect();
    } catch (error) {
      seat.leave();
      throw new Unreached(String(error));
    } finally {
      this.next = null;
    }
    if (!this.wanted || answer.generation < this.generation) {
      seat.leave();
      return;
    }
    this.seat?.leave();
    this.seat = seat;
    this.usable = true;
    this.blocked = false;
    this.seated = performance.now();
    this.generation = answer.generation;
    this.send(this.camera, this.microphone, this.mute);
    this.tell();
  }

  private heard(seat: Seat, state: "up" | "wavering" | "down", reason?: number): void {
    if (seat !== this.seat) return;
    clearTimeout(this.doubt);
    switch (state) {
      case "up":
        this.usable = true;
        break;
      case "wavering":
        // The SDK resumes by itself in a second or two; where it does not, we do not wait for it.
        this.doubt = setTimeout(() => {
          this.usable = false;
          this.tell();
          this.seek();
        }, WAVERING);
        break;
      case "down":
        this.usable = false;
        if (!this.lostAtOnce()) this.backoff.reset();
        // A warm seat that was put out made room for newer pages: it waits for a tap.
        if (reason === DisconnectReason.PARTICIPANT_REMOVED && !this.publishing) this.wanted = false;
        if (this.wanted) this.seek();
        break;
    }
    this.tell();
  }

  private drop(): void {
    clearTimeout(this.doubt);
    this.usable = false;
    this.seat?.leave();
    this.seat = null;
  }

  private tell(): void {
    const up = this.usable && this.seat !== null;
    this.hooks.changed({
      up,
      down: this.down,
      blocked: this.blocked && !up,
      tcp: up && this.seat!.tcp,
      camera: up && this.seat!.sendsCamera,
      microphone: up && this.seat!.sendsMicrophone,
    });
  }
}
