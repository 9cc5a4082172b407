/** The console's microphone as a track in a call's room. */
import type * as LiveKitModule from "livekit-client";
import type { Room } from "livekit-client";

export interface Voice {
  /** Opens or closes the microphone at once; the room is told in the same moment. */
  speak(on: boolean): void;
  /** Takes it out of the room. */
  close(): void;
}

/** Publishes `media` muted: it is there, and silent, before anyone says a word. */
export async function publish(livekit: typeof LiveKitModule, room: Room, media: MediaStreamTrack): Promise<Voice> {
  const track = new livekit.LocalAudioTrack(media, undefined, true);
  await track.mute();
  await room.localParticipant.publishTrack(track, {
    source: livekit.Track.Source.Microphone,
    audioPreset: livekit.AudioPresets.speech,
    stopMicTrackOnMute: false,
  });
  return {
    speak(on) {
      media.enabled = on;
      void (on ? track.unmute() : track.mute());
    },
    close() {
      media.enabled = false;
      void room.localParticipant.unpublishTrack(track, false).catch(() => undefined);
    },
  };
}
