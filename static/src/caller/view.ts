/** The page's elements, and what is to be seen in which state. Knows no rules of the call. */

export type State =
  | "reading"
  | "ready"
  | "live"
  | "stopped"
  | "ended"
  | "taken"
  | "dead"
  | "lost";

export interface Look {
  state: State;
  /** Instead of the template's own words; null keeps those. */
  title: string | null;
  lead: string;
  place: string;
  startLabel: string;
  status: string;
  /** The dot: what is told is so now. */
  sending: boolean;
  trouble: string;
  troubleAction: string;
  /** What the centre asks for; empty: nothing. */
  wish: string;
  wishAction: string;
  canFlip: boolean;
  mirrored: boolean; // as people know themselves from mirrors
  placeOff: boolean; // offers to stop the position
  writing: boolean;
  micOn: boolean;
  micLabel: string;
  camera: MediaStreamTrack | null;
}

export interface ViewHooks {
  start(): void;
  stop(): void;
  microphone(): void;
  write(text: string): void;
  openWriting(): void;
  trouble(): void;
  placeOff(): void;
  flip(): void;
  grant(): void;
  decline(): void;
}

function find<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export class View {
  readonly chat = find("chat");
  readonly centre: string;
  private readonly main = find("page");
  private readonly own = find<HTMLVideoElement>("own");
  private readonly message = find<HTMLTextAreaElement>("message");
  private last: Partial<Look> = {};
  /** The next draw says the same in another language, which moves no focus. */
  quiet = false;

  constructor(hooks: ViewHooks) {
    this.centre = this.main.dataset.centre ?? "";
    this.on("start", () => hooks.start());
    this.on("stop", () => hooks.stop());
    this.on("mic", () => hooks.microphone());
    this.on("cannot", () => hooks.openWriting());
    this.on("remedy", () => hooks.trouble());
    this.on("place-off", () => hooks.placeOff());
    this.on("flip", () => hooks.flip());
    this.on("wish-yes", () => hooks.grant());
    this.on("wish-no", () => hooks.decline());
    find("write").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.message.value.trim();
      if (!text) return;
      hooks.write(text);
      this.message.value = ""; // and no focus: the keyboard would cover the picture
    });
    // Whatever takes its room: the newest message stays in sight.
    new ResizeObserver(() => (this.chat.scrollTop = this.chat.scrollHeight)).observe(this.chat);
    this.message.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      find<HTMLFormElement>("write").requestSubmit();
    });
  }

  focusMessage(): void {
    this.message.focus();
  }

  draw(look: Look): void {
    const before = this.last;
    const held = document.activeElement;
    this.last = look;
    if (before.state !== look.state) {
      this.main.dataset.state = look.state;
      for (const part of this.main.querySelectorAll<HTMLElement>("[data-in]")) {
        part.hidden = !part.dataset.in!.split(" ").includes(look.state);
      }
    }
    const titled = look.title !== null;
    const intro = !titled && (look.state === "reading" || look.state === "ready");
    find("intro").hidden = !intro;
    find("news").hidden = !titled;
    text("title", look.title ?? "");
    text("lead", look.lead);
    text("place", look.place);
    text("start-label", look.startLabel);
    text("status", look.status);
    find("status").classList.toggle("on", look.sending);
    text("trouble-text", look.trouble);
    // One thing at a time: what is asked for comes before what is wrong.
    find("trouble").hidden = !look.trouble || Boolean(look.wish);
    text("remedy", look.troubleAction);
    find("remedy").hidden = !look.troubleAction;
    text("wish-text", look.wish);
    text("wish-yes", look.wishAction);
    find("wish").hidden = !look.wish;
    find("flip").hidden = !look.canFlip;
    this.own.classList.toggle("mirrored", look.mirrored);
    find("place-off").hidden = !look.placeOff;
    find("write").hidden = !look.writing;
    find("cannot").hidden = look.writing || !intro;
    text("mic-label", look.micLabel);
    find("mic").classList.toggle("off", !look.micOn);
    this.picture(look.camera);
    if (before.state !== look.state) this.chat.scrollTop = this.chat.scrollHeight;
    // A screen reader, and the eye, go to what has changed.
    if (titled && before.title !== look.title && !this.quiet) {
      find("title").focus({ preventScroll: true });
    } else if (held && held !== document.body && !held.getClientRects().length) {
      // What was pressed has gone: focus stays by what came of it, where a second press does nothing.
      const place = look.state === "live" || look.state === "lost" ? "status" : titled ? "title" : "start";
      find(place).focus({ preventScroll: true });
    }
    this.quiet = false;
  }

  private picture(track: MediaStreamTrack | null): void {
    const stream = this.own.srcObject as MediaStream | null;
    if ((stream?.getVideoTracks()[0] ?? null) === track) return;
    this.own.srcObject = track && new MediaStream([track]);
    this.own.hidden = !track;
    if (track) this.own.play().catch(() => undefined);
  }

  private on(id: string, action: () => void): void {
    find(id).addEventListener("click", action);
  }
}

/** Writes only what is new: a live region would otherwise speak again. */
function text(id: string, content: string): void {
  const element = find(id);
  if (element.textContent !== content) element.textContent = content;
}
