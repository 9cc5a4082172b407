/** What this browser remembers of its user's taste: theme, sound, single-letter keys. */
import { signal } from "@preact/signals";

export const THEMES = ["dark", "light", "night"] as const;
export type Theme = (typeof THEMES)[number];

const COOKIE = "sl_theme"; // a cookie, so that the server draws the first paint in the right theme

function read(key: string, otherwise: boolean): boolean {
  try {
    const kept = localStorage.getItem(key);
    return kept === null ? otherwise : kept === "on";
  } catch {
    return otherwise;
  }
}

function keep(key: string, value: boolean): void {
  try {
    localStorage.setItem(key, value ? "on" : "off");
  } catch {
    // Storage may be forbidden: the choice then lasts as long as the page.
  }
}

const root = typeof document === "undefined" ? null : document.documentElement;
const drawn = root?.dataset.theme as Theme | undefined;

export const theme = signal<Theme>(drawn && THEMES.includes(drawn) ? drawn : "dark");
export const soundWanted = signal(read("sl.sound", true));
export const alarmSound = signal(read("sl.alarm", true));
export const letterKeys = signal(read("sl.keys", true));

export function setTheme(next: Theme): void {
  if (root) root.dataset.theme = next;
  document.cookie = `${COOKIE}=${next}; Path=/; Max-Age=31536000; SameSite=Lax`;
  theme.value = next;
}

export function setSound(on: boolean): void {
  keep("sl.sound", on);
  soundWanted.value = on;
}

export function setAlarmSound(on: boolean): void {
  keep("sl.alarm", on);
  alarmSound.value = on;
}

export function setLetterKeys(on: boolean): void {
  keep("sl.keys", on);
  letterKeys.value = on;
}
