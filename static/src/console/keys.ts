/** Keys of the console. Single letters do nothing while someone is typing. */

export interface Shortcut {
  key: string;
  /** As the sheet shows it. */
  show: string;
  what: string;
}

export const SHORTCUTS: Shortcut[] = [
  { key: "n", show: "N", what: "New call: to the number field" },
  { key: "arrowdown", show: "↓", what: "Next call" },
  { key: "arrowup", show: "↑", what: "Previous call" },
  { key: "w", show: "W", what: "Write to the caller" },
  { key: "t", show: "T", what: "Talk to the caller, while held down" },
  { key: "m", show: "M", what: "Sound on or off" },
  { key: "s", show: "S", what: "Mute the caller, or ask for sound" },
  { key: "c", show: "C", what: "Ask for the camera" },
  { key: "f", show: "F", what: "Turn the camera to the other side" },
  { key: "a", show: "A", what: "Watch the call of the most urgent alarm" },
  { key: "r", show: "R", what: "Resend the text" },
  { key: "q", show: "Q", what: "Show the link as a QR code" },
  { key: "o", show: "O", what: "Take over the call" },
  { key: "x", show: "X", what: "Close the call" },
  { key: "u", show: "U", what: "Undo close" },
  { key: "p", show: "P", what: "Copy the position" },
  { key: "?", show: "?", what: "This sheet" },
];

/** Fields to type in, and things that use letters or arrows themselves. */
const TYPING = "input, textarea, select, [contenteditable], [role=menu], [role=listbox], .maplibregl-map";

interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  isComposing: boolean;
}

/** Which shortcut a key press means, if any. */
export function shortcut(press: Press, typing: boolean, letters: boolean): string | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing || typing) return null;
  const key = press.key.toLowerCase();
  const known = SHORTCUTS.some((one) => one.key === key);
  if (!known) return null;
  const arrow = key.startsWith("arrow");
  if (!letters && !arrow) return null;
  return press.repeat && !arrow ? null : key;
}

/** Calls `act` for each shortcut pressed, and `lift` when such a key is let go, however that is. */
export function listen(letters: () => boolean, act: (key: string) => boolean, lift: (key: string) => void): () => void {
  const held = new Map<string, string>(); // by place on the keyboard: a letter changes with Shift
  const lifted = (event: KeyboardEvent) => {
    const key = held.get(event.code);
    if (key === undefined) return;
    held.delete(event.code);
    lift(key);
  };
  // Whatever hides the letting go from the page counts as letting go.
  const away = () => {
    for (const key of held.values()) lift(key);
    held.clear();
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.metaKey) away();
    if (event.defaultPrevented) return;
    const place = event.target instanceof Element ? event.target : null;
    const typing = Boolean(place?.closest(TYPING)) || document.querySelector("dialog[open]") !== null;
    const key = shortcut(event, typing, letters());
    if (!key || !act(key)) return;
    event.preventDefault();
    held.set(event.code, key);
  };
  addEventListener("keydown", pressed);
  addEventListener("keyup", lifted);
  addEventListener("blur", away);
  document.addEventListener("visibilitychange", away);
  return () => {
    removeEventListener("keydown", pressed);
    removeEventListener("keyup", lifted);
    removeEventListener("blur", away);
    document.removeEventListener("visibilitychange", away);
  };
}
