/**
 * One call's room, as long as this console wants to be in it: asks for a seat, connects, and when
 * the connection is over for good or the call has moved to its next generation, starts again.
 */
import type * as LiveKitModule from "livekit-client";
import type { Participant, RemoteParticipant, RemoteTrack, Room } from "livekit-client";
import { Backoff } from "../shared/backoff";
import { ApiError } from "./api";
import type { Seat } from "./types";
import { publish } from "./voice";
import type { Voice } from "./voice";

type LiveKit = typeof LiveKitModule;

export type LinkState =
  | "connecting" // asking for a seat, or on the way to it
  | "connected"
  | "down" // the centre has no working video
  | "trouble" // something else failed; trying again
  | "ended" // the call is closed
  | "stopped"; // this console left

export interface RoomView {
  state: LinkState;
  /** The publisher is in the room. */
  present: boolean;
  video: RemoteTrack | null;
  audio: RemoteTrack | null;
  /**
   * Before there is a publisher: the only caller's page in the room, and what it sends. It is
   * made ready and not shown, so that the tap finds everything done.
   */
  ahead: string | null;
  aheadVideo: RemoteTrack | null;
  quality: string;
  generation: number;
}

export interface LinkDeps {
  load: () => Promise<LiveKit>;
  seat: (call: string) => Promise<Seat>;
  onView: (call: string, view: RoomView) => void;
  backoff?: () => Pick<Backoff, "wait" | "wake" | "reset">;
}

export const NOWHERE: RoomView = {
  state: "connecting",
  present: false,
  video: null,
  audio: null,
  ahead: null,
  aheadVideo: null,
  quality: "unknown",
  generation: 0,
};

const CALLER = "caller-"; // first letters of a caller's identity, as the server gives them
const STEADY = 10_000; // ms connected after which a loss is a new story

export class RoomLink {
  private view: RoomView = NOWHERE;
  private room: Room | null = null;
  private livekit: LiveKit | null = null; // once it is loaded
  private turn = 0; // which run of the loop is the valid one
  private generation = 0; // the newest generation heard of
  private seated = 0; // the generation of the seat in use
  private publisher: string | null = null;
  private readonly backoff: Pick<Backoff, "wait" | "wake" | "reset">;
  private release: (() => void) | null = null; // lets the run that sits in the room go on

  constructor(
    readonly call: string,
    private readonly deps: LinkDeps,
  ) {
    this.backoff = deps.backoff?.() ?? new Backoff();
  }

  /** What the stream says of the call. The first one starts the loop. */
  update(generation: number, publisher: string | null): void {
    const fresh = generation > this.generation;
    this.generation = Math.max(this.generation, generation);
    if (publisher !== this.publisher) {
      this.publisher = publisher;
      this.look();
    }
    const stale = this.turn === 0 || (fresh && (this.seated ? generation > this.seated : this.view.state === "ended"));
    if (stale) this.restart();
    else if (fresh) this.backoff.wake();
  }

  /** Something made it likely that the next try works: do not sit out the wait. */
  nudge(): void {
    this.backoff.wake();
  }

  /** Puts a microphone, muted, into the room. Rejects while there is no room to put it into. */
  async speak(media: MediaStreamTrack): Promise<Voice> {
    if (!this.room || !this.livekit || this.view.state !== "connected") throw new Error("no room");
    return publish(this.livekit, this.room, media);
  }

  stop(): void {
    this.turn++;
    this.backoff.wake();
    this.leave();
    this.show({ ...NOWHERE, state: "stopped" });
  }

  private restart(): void {
    const turn = ++this.turn;
    this.backoff.wake();
    this.leave();
    void this.run(turn);
  }

  private async run(turn: number): Promise<void> {
    while (turn === this.turn) {
      this.show({ ...this.view, state: this.view.state === "down" ? "down" : "connecting" });
      const began = performance.now();
      try {
        await this.sit(turn);
        if (performance.now() - began > STEADY) this.backoff.reset();
      } catch (error) {
        if (turn !== this.turn) return;
        if (!this.excuse(error)) return;
      }
      if (turn !== this.turn) return;
      await this.backoff.wait();
    }
  }

  /** Is there any point in trying again? */
  private excuse(error: unknown): boolean {
    const refusal = error instanceof ApiError ? error : null;
    if (refusal?.code === "call_closed" || refusal?.status === 404) {
      this.show({ ...NOWHERE, state: "ended" });
      return false;
    }
    const down = refusal?.code === "video_down" || refusal?.status === 503;
    this.show({ ...NOWHERE, state: down ? "down" : "trouble" });
    return true;
  }

  /** Takes a seat and stays in it until the room is gone. */
  private async sit(turn: number): Promise<void> {
    const [livekit, seat] = await Promise.all([this.deps.load(), this.deps.seat(this.call)]);
    if (turn !== this.turn) return;
    if (seat.generation < this.generation) throw new Error("a seat in a room the call has left");
    this.seated = seat.generation;
    const room = new livekit.Room({
      // Give up after a few seconds instead of 44: a new seat may be on another server.
      reconnectPolicy: new livekit.DefaultReconnectPolicy([0, 300, 1000, 2000]),
      disconnectOnPageLeave: true,
    });
    this.livekit = livekit;
    this.room = room;
    const gone = new Promise<void>((resolve) => {
      this.release = resolve;
      room.once(livekit.RoomEvent.Disconnected, () => resolve());
    });
    this.listen(room, livekit);
    try {
      const rtcConfig = seat.ice_servers ? { rtcConfig: { iceServers: seat.ice_servers } } : {};
      await room.connect(seat.url, seat.token, { autoSubscribe: true, maxRetries: 1, ...rtcConfig });
      if (turn !== this.turn) return;
      this.show({ ...this.view, state: "connected", generation: seat.generation });
      this.look();
      await gone;
    } finally {
      if (this.room === room) {
        this.leave();
        this.show({ ...NOWHERE, state: turn === this.turn ? "trouble" : "connecting" });
      }
    }
  }

  private listen(room: Room, { RoomEvent }: LiveKit): void {
    const look = () => {
      if (this.room === room) this.look();
    };
    const trouble = () => {
      if (this.room === room) this.show({ ...this.view, state: "trouble" });
    };
    room
      .on(RoomEvent.TrackSubscribed, look)
      .on(RoomEvent.TrackUnsubscribed, look)
      .on(RoomEvent.TrackMuted, look)
      .on(RoomEvent.TrackUnmuted, look)
      .on(RoomEvent.ParticipantConnected, look)
      .on(RoomEvent.ParticipantDisconnected, look)
      .on(RoomEvent.SignalReconnecting, trouble)
      .on(RoomEvent.Reconnecting, trouble)
      .on(RoomEvent.Reconnected, () => {
        if (this.room === room) this.show({ ...this.view, state: "connected" });
        look();
      })
      .on(RoomEvent.ConnectionQualityChanged, (_quality: string, who: Participant) => {
        if (who.identity === this.publisher) look();
      });
  }

  /** Nobody but the publisher is ever seen or heard, whoever else is in the room. */
  private look(): void {
    const room = this.room;
    if (!room) return;
    const who = this.publisher ? room.remoteParticipants.get(this.publisher) : undefined;
    const ahead = this.publisher ? null : onlyCaller(room);
    this.show({
      ...this.view,
      present: Boolean(who),
      video: track(who, "camera"),
      audio: track(who, "microphone"),
      ahead: ahead?.identity ?? null,
      aheadVideo: track(ahead, "camera"),
      quality: who?.connectionQuality ?? "unknown",
    });
  }

  private leave(): void {
    const room = this.room;
    this.room = null;
    this.seated = 0;
    this.release?.();
    this.release = null;
    void room?.disconnect();
  }

  private show(view: RoomView): void {
    const keys = Object.keys(view) as (keyof RoomView)[];
    if (keys.every((key) => view[key] === this.view[key])) return;
    this.view = view;
    this.deps.onView(this.call, view);
  }
}

function onlyCaller(room: Room): RemoteParticipant | null {
  const callers = [...room.remoteParticipants.values()].filter((who) => who.identity.startsWith(CALLER));
  return callers.length === 1 ? callers[0]! : null;
}

function track(who: RemoteParticipant | null | undefined, source: "camera" | "microphone"): RemoteTrack | null {
  if (!who) return null;
  for (const publication of who.trackPublications.values()) {
    if (String(publication.source) === source && publication.track && !publication.isMuted) {
      return publication.track;
    }
  }
  return null;
}
