/** Alarms: what needs somebody of the centre now. And their sound, until somebody comes. */
import { effect } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { alarmSound } from "./settings";
import type { Call } from "./types";

export interface Alarm {
  call: string;
  number: string;
  /** When the video stops by itself, ms since 1970. */
  stops: number;
}

/** Live cameras that nobody watches, the most urgent first. */
export function alarms(calls: readonly Call[]): Alarm[] {
  return calls
    .flatMap((one) => (one.state === "open" && one.unwatched ? { call: one.id, number: one.number_display, stops: Date.parse(one.unwatched.stops_at) } : []))
    .sort((a, b) => a.stops - b.stops);
}

const EVERY = 2000; // ms
const NOTES = [880, 660]; // Hz; falling, so that it is not taken for a phone
const LENGTH = 0.16; // s a note

/**
 * Rings while there is an alarm. A browser lets a page sound only after somebody has touched it;
 * on a page nobody has touched, nobody sits.
 */
export function ring(wanted: ReadonlySignal<boolean>): () => void {
  let context: AudioContext | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  const once = () => {
    if (!navigator.userActivation?.hasBeenActive) return;
    context ??= new AudioContext();
    void context.resume();
    for (const [at, hertz] of NOTES.entries()) note(context, hertz, context.currentTime + at * LENGTH);
  };
  const stop = effect(() => {
    clearInterval(timer);
    if (!wanted.value || !alarmSound.value) return;
    once();
    timer = setInterval(once, EVERY);
  });
  return () => {
    stop();
    clearInterval(timer);
    void context?.close();
  };
}

function note(context: AudioContext, hertz: number, from: number): void {
  const tone = new OscillatorNode(context, { frequency: hertz, type: "triangle" });
  const volume = new GainNode(context, { gain: 0 });
  tone.connect(volume).connect(context.destination);
  // Without a slope at both ends it would click.
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(0.25, from + 0.01);
  volume.gain.setValueAtTime(0.25, from + LENGTH - 0.03);
  volume.gain.linearRampToValueAtTime(0, from + LENGTH);
  tone.start(from);
  tone.stop(from + LENGTH);
}
