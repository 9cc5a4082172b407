/** One call's sound, through one <audio> element. */
import { signal } from "@preact/signals";
import type { RemoteTrack } from "livekit-client";

export type Sound = "none" | "off" | "on" | "blocked";

/** What is being heard now, for the button and the badge. */
export const sound = signal<Sound>("none");

/** Plays `track` in `element` until the returned function is called. */
export function hear(element: HTMLAudioElement, track: RemoteTrack): () => void {
  let over = false;
  const tell = () => {
    if (!over) sound.value = element.paused ? "blocked" : "on";
  };
  const play = () => {
    // A browser may refuse sound until the page was touched; then "Click to hear" is shown.
    element.play().then(tell, tell);
  };
  track.attach(element);
  element.muted = false;
  element.addEventListener("playing", tell);
  element.addEventListener("pause", tell);
  addEventListener("pointerdown", play);
  addEventListener("keydown", play);
  play();
  return () => {
    over = true;
    removeEventListener("pointerdown", play);
    removeEventListener("keydown", play);
    element.removeEventListener("playing", tell);
    element.removeEventListener("pause", tell);
    track.detach(element);
  };
}
