/** The few small parts that the others are made of. */
import type { ComponentChildren } from "preact";
import type { Tone } from "./stages";

/** State is never told by colour alone: each tone has its shape. */
const SHAPES: Record<string, string> = {
  good: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Z",
  wait: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1Zm0 1.6V6l2.6 1.5",
  bad: "M6 .8 11.6 11H.4Z",
  quiet: "M6 2.2a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 0 1 0-7.6Z",
  closed: "M2 2h8v8H2Z",
};

export function Shape({ of }: { of: Tone | "closed" }) {
  const hollow = of === "wait" || of === "quiet" || of === "closed";
  return (
    <svg class={`shape ${of}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path d={SHAPES[of]} fill={hollow ? "none" : "currentColor"} stroke="currentColor" stroke-width={hollow ? 1.6 : 0} />
      {of === "bad" && <path d="M6 4.2v3.2M6 8.6v1.2" stroke="var(--panel)" stroke-width="1.4" fill="none" />}
    </svg>
  );
}

const ICONS = {
  check: "m3 8.5 3.2 3.2L13 4.8",
  cross: "m4 4 8 8M12 4l-8 8",
  soundOn: "M2.5 6v4h2.8L9 13V3L5.3 6ZM11.3 5.2a4 4 0 0 1 0 5.6M13 3.4a6.5 6.5 0 0 1 0 9.2",
  soundOff: "M2.5 6v4h2.8L9 13V3L5.3 6ZM11.2 6.2l3.6 3.6M14.8 6.2l-3.6 3.6",
  microphone: "M8 2a2 2 0 0 1 2 2v4a2 2 0 0 1-4 0V4a2 2 0 0 1 2-2ZM3.8 7.6a4.2 4.2 0 0 0 8.4 0M8 11.8V14",
  copy: "M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3",
  down: "m4 6.2 4 4 4-4",
  target: "M8 3.2a4.8 4.8 0 1 1 0 9.6 4.8 4.8 0 0 1 0-9.6ZM8 .8v4M8 11.2v4M.8 8h4M11.2 8h4",
} as const;

export function Icon({ name }: { name: keyof typeof ICONS }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={ICONS[name]} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round" />
    </svg>
  );
}

export function Key({ children }: { children: string }) {
  return (
    <kbd class="key" aria-hidden="true">
      {children}
    </kbd>
  );
}

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`badge ${tone}`}>
      <Shape of={tone} />
      {children}
    </span>
  );
}
