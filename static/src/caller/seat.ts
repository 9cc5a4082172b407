/** One place in one room: connected, with a blank picture into which the camera is swapped. */
import { AudioPresets, ConnectionState, LocalVideoTrack, Room, RoomEvent, Track, setLogLevel } from "livekit-client";
import type { LocalTrackPublication, RemoteTrack } from "livekit-client";
import type { SeatAnswer } from "./server";

export interface SeatHooks {
  /** `down`: the SDK has given up, or was put out (`reason`). */
  state(state: "up" | "wavering" | "down", reason?: number): void;
  /** What is being sent has changed. */
  sending(): void;
  audio(track: RemoteTrack): HTMLMediaElement;
  /** The staff have muted this page's microphone. */
  hushed(): void;
  /** The browser wants a touch before it plays the dispatcher's voice. */
  silenced(silenced: boolean): void;
}

setLogLevel("warn");

const OFTEN = 10; // ms between two looks whether the offer is made

const ENCODING = { maxBitrate: 600_000, maxFramerate: 30 };
/**
 * The first frames go out at half the width and height. A whole one is a dozen packets, which a
 * sender that does not know its network yet spaces out over a tenth of a second and more.
 */
const SMALL = 2;
const SMALL_FRAMES = 5; // sent small, then whole ones
const LOOK_AT_FRAMES = 200; // ms
const SMALL_AT_MOST = 2000; // ms

export class Seat {
  readonly generation: number;
  sendsCamera = false;
  sendsMicrophone = false;
  tcp = false;
  private readonly room: Room;
  private readonly blank = spare ?? blankTrack();
  private picture: LocalVideoTrack | null = null;
  private wantedCamera: MediaStreamTrack | null = null;
  private wantedMicrophone: MediaStreamTrack | null = null;
  private wantedMute = false;
  private shownCamera: MediaStreamTrack | null = null;
  /** The SDK keeps this very object, and takes it anew whenever the picture's size changes. */
  private readonly encoding = { ...ENCODING, scaleResolutionDownBy: SMALL };
  private growing = false;
  private busy = false;
  private left = false;

  constructor(
    private readonly answer: SeatAnswer,
    private readonly hooks: SeatHooks,
  ) {
    this.generation = answer.generation;
    spare = null;
    this.room = new Room({
      // A phone that shows another app for a moment comes back to a seat still held.
      disconnectOnPageLeave: false,
      // The tracks are the page's: they outlive a room that dies.
      stopLocalTrackOnUnpublish: false,
      publishDefaults: {
        simulcast: false,
        videoCodec: "vp8",
        videoEncoding: this.encoding,
        // Movement tells more than sharpness where someone shows how they press a chest.
        degradationPreference: "maintain-framerate",
        audioPreset: AudioPresets.speech,
        stopMicTrackOnMute: false,
      },
    });
    const { room } = this;
    room
      .on(RoomEvent.ParticipantConnected, () => this.allowStaff())
      .on(RoomEvent.ParticipantDisconnected, () => this.allowStaff())
      .on(RoomEvent.Reconnected, () => this.allowStaff())
      .on(RoomEvent.ConnectionStateChanged, (state) => {
        if (this.left) return;
        if (state === ConnectionState.Connected) {
          hooks.state("up");
          void this.pump(); // a change that failed meanwhile is made now
        } else if (state !== ConnectionState.Disconnected) hooks.state("wavering");
      })
      .on(RoomEvent.Disconnected, (reason) => {
        if (!this.left) hooks.state("down", reason);
      })
      .on(RoomEvent.TrackSubscribed, (track) => {
        if (track.kind === Track.Kind.Audio) track.attach(hooks.audio(track));
      })
      .on(RoomEvent.TrackMuted, (publication, who) => {
        const ours = who === room.localParticipant && publication.source === Track.Source.Microphone;
        if (ours && !this.busy && !this.wantedMute) hooks.hushed();
      })
      .on(RoomEvent.TrackUnsubscribed, (track) => void track.detach())
      .on(RoomEvent.AudioPlaybackStatusChanged, () => hooks.silenced(!room.canPlaybackAudio));
  }

  async connect(): Promise<void> {
    const { url, token, ice_servers: iceServers } = this.answer;
    const connected = this.room.connect(url, token, {
      ...(iceServers ? { rtcConfig: { iceServers } } : {}),
      maxRetries: 0, // our own loop asks for a new seat
      websocketTimeout: 8000,
      peerConnectionTimeout: 10_000,
    });
    // Publishing waits for the signalling only, not for the media connection.
    const published = this.publishFirst();
    published.catch(() => undefined); // a failed connection is told by the other promise
    await connected;
    this.allowStaff();
    await published;
    await this.pump();
    void this.way();
  }

  /** Which way the picture goes. */
  private async way(): Promise<void> {
    const stats = await this.picture?.sender?.getStats().catch(() => undefined);
    const all = [...(stats?.values() ?? [])] as { type: string; id: string; [key: string]: unknown }[];
    const used = all.find(({ type }) => type === "transport")?.selectedCandidatePairId;
    const pair = all.find(({ id }) => id === used);
    const mine = all.find(({ id }) => id === pair?.localCandidateId);
    const tcp = mine?.protocol === "tcp" || mine?.relayProtocol === "tcp" || mine?.relayProtocol === "tls";
    if (tcp === this.tcp) return;
    this.tcp = tcp;
    this.tell();
  }

  /**
   * The blank, alone: nothing else is published meanwhile, or there were two pictures. Never the
   * camera: a publication that waits too long for the signalling makes the SDK stop its track.
   */
  private async publishFirst(): Promise<void> {
    if (!this.blank) return;
    this.busy = true;
    try {
      await this.publishPicture(this.blank.track);
    } finally {
      this.busy = false;
    }
    await this.pump(); // the tap may have been quicker than the seat
  }

  /** Null: a blank picture, no sound. */
  send(camera: MediaStreamTrack | null, microphone: MediaStreamTrack | null, mute: boolean): void {
    this.wantedCamera = camera;
    this.wantedMicrophone = microphone;
    this.wantedMute = mute;
    void this.pump();
  }

  /** Within a tap: lets the dispatcher's voice be heard. */
  startAudio(): void {
    this.room.startAudio().catch(() => undefined);
  }

  leave(): void {
    this.left = true;
    this.blank?.stop();
    void this.room.disconnect(false).catch(() => undefined);
  }

  /** One change at a time, until what is sent is what is wanted. */
  private async pump(): Promise<void> {
    if (this.busy || this.left) return;
    if (this.room.state !== ConnectionState.Connected && !this.picture) return;
    this.busy = true;
    try {
      for (let turns = 0; turns < 20 && !this.left && (await this.step()); turns++);
    } catch (error) {
      console.warn("media:", error);
    } finally {
      this.busy = false;
    }
  }

  private async step(): Promise<boolean> {
    const { wantedCamera, wantedMicrophone } = this;
    if (wantedCamera !== this.shownCamera) {
      if (this.picture) {
        const next = wantedCamera ?? this.blank?.track;
        if (next) await this.picture.replaceTrack(next, true);
        // The SDK mutes a publication whose track has ended, and leaves it so.
        if (this.picture.isMuted) await this.picture.unmute();
      } else if (wantedCamera) {
        await this.publishPicture(wantedCamera);
      }
      this.shownCamera = wantedCamera;
      if (wantedCamera && this.picture) void this.grow(this.picture);
      this.tell();
      return true;
    }
    const { voice } = this;
    if (voice?.track?.mediaStreamTrack !== (wantedMicrophone ?? undefined)) {
      const me = this.room.localParticipant;
      if (voice?.track) await me.unpublishTrack(voice.track.mediaStreamTrack, false);
      if (wantedMicrophone) {
        await me.publishTrack(wantedMicrophone, { source: Track.Source.Microphone });
      }
      this.tell();
      return true;
    }
    if (voice && voice.isMuted !== this.wantedMute) {
      await (this.wantedMute ? voice.mute() : voice.unmute());
      this.tell();
      return true;
    }
    return false;
  }

  private async publishPicture(track: MediaStreamTrack): Promise<void> {
    // "User provided": the SDK must never open a camera by itself to replace this track.
    const picture = new LocalVideoTrack(track, undefined, true);
    const published = this.room.localParticipant.publishTrack(picture, { source: Track.Source.Camera });
    const over = new Promise<void>((resolve) => void published.then(() => resolve(), () => resolve()));
    await this.slipIn(picture, over);
    await published;
    this.picture = picture;
  }

  /**
   * A camera that is there before the picture is published goes in while the answer is still on
   * its way. Not before the offer is made (which gives the sender its transport): Firefox names
   * the track in it, and the server looks for the blank's name.
   */
  private async slipIn(picture: LocalVideoTrack, published: Promise<void>): Promise<void> {
    let over = false;
    void published.then(() => (over = true));
    while (!over && !this.left) {
      const camera = this.wantedCamera;
      if (camera && camera !== picture.mediaStreamTrack && picture.sender?.transport) {
        await picture.replaceTrack(camera, true);
        this.shownCamera = camera;
        void this.grow(picture);
        return;
      }
      await Promise.race([published, new Promise((resolve) => setTimeout(resolve, OFTEN))]);
    }
  }

  /** From small frames to whole ones, once the first have gone out. */
  private async grow(picture: LocalVideoTrack): Promise<void> {
    if (this.growing) return;
    this.growing = true;
    const end = performance.now() + SMALL_AT_MOST;
    let first: number | null = null;
    while (!this.left && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AT_FRAMES));
      const stats = await picture.getSenderStats().catch(() => []);
      const sent = stats[0]?.framesSent ?? 0;
      first ??= sent;
      if (sent - first >= SMALL_FRAMES) break;
    }
    this.encoding.scaleResolutionDownBy = 1;
    for (let turn = 0; turn < 5 && !this.left; turn++) {
      const { sender } = picture;
      if (!sender) return;
      const parameters = sender.getParameters();
      for (const encoding of parameters.encodings) encoding.scaleResolutionDownBy = 1;
      try {
        return await sender.setParameters(parameters);
      } catch {
        // The SDK changed them at the same moment: once more, with what it has set.
        await new Promise((resolve) => setTimeout(resolve, LOOK_AT_FRAMES));
      }
    }
  }

  /** Asked anew each time: after a reconnect the SDK has made another publication. */
  private get voice(): LocalTrackPublication | undefined {
    return this.room.localParticipant.getTrackPublication(Track.Source.Microphone);
  }

  private tell(): void {
    this.sendsCamera = this.shownCamera !== null;
    this.sendsMicrophone = this.voice !== undefined && !this.voice.isMuted;
    if (!this.left) this.hooks.sending();
  }

  /** A link may be in several hands: only the centre's staff may take what this page sends. */
  private allowStaff(): void {
    const staff = [...this.room.remoteParticipants.keys()]
      .filter((identity) => identity.startsWith(this.answer.staff_prefix))
      .map((participantIdentity) => ({ participantIdentity, allowAll: true }));
    this.room.localParticipant.setTrackSubscriptionPermissions(false, staff);
  }
}

interface Blank {
  track: MediaStreamTrack;
  stop(): void;
}

/** A picture with nothing in it, 64×36, redrawn each second so that it flows. */
function blankTrack(): Blank | null {
  const canvas = document.createElement("canvas");
  canvas.width = 64;
  canvas.height = 36;
  const paint = canvas.getContext("2d");
  if (!paint || !("captureStream" in canvas)) return null;
  let shade = 0;
  const draw = () => {
    shade = 1 - shade;
    paint.fillStyle = shade ? "#000" : "#010101";
    paint.fillRect(0, 0, canvas.width, canvas.height);
  };
  draw();
  const [track] = canvas.captureStream().getVideoTracks();
  if (!track) return null;
  draw(); // some browsers take only what is drawn after the stream was made
  const timer = setInterval(draw, 1000);
  return {
    track,
    stop() {
      clearInterval(timer);
      track.stop();
    },
  };
}

/** The first seat's, made while the server is still being asked for it. */
let spare = blankTrack();
