/** What dispatcher and caller write to each other, large enough to read at arm's length. */
import { say } from "./strings";
import type { Key } from "./strings";

export interface ChatBody {
  id: string;
  from: "staff" | "caller";
  text: string;
  at: string;
  key: string | null;
}

interface Own {
  key: string;
  text: string;
  state: "sending" | "refused";
  note: Key;
}

/** What is said of a message that the server did not take, by the code it gave. */
const NOT_SENT: Partial<Record<string, Key>> = {
  too_long: "notSentTooLong",
  throttled: "notSentTooMany",
  call_closed: "notSentEnded",
};

export class Chat {
  private own: Own[] = []; // written here, not yet in the stream
  private shown = "";

  constructor(
    private readonly list: HTMLElement,
    private readonly centre: () => string,
  ) {}

  wrote(key: string, text: string): void {
    this.own.push({ key, text, state: "sending", note: "sending" });
  }

  refused(key: string, code: string): void {
    const own = this.own.find((line) => line.key === key);
    if (own) Object.assign(own, { state: "refused", note: NOT_SENT[code] ?? "notSent" });
  }

  get empty(): boolean {
    return this.list.childElementCount === 0;
  }

  draw(lines: readonly ChatBody[]): void {
    const known = new Set(lines.map((line) => line.key));
    this.own = this.own.filter((line) => !known.has(line.key));
    const shown = JSON.stringify([lines, this.own]);
    if (shown === this.shown) return;
    this.shown = shown;
    const sorted = [...lines].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    const rows = sorted.map((line) =>
      line.from === "staff"
        ? row("staff", part("b", this.centre()), part("p", line.text))
        : row("own", spoken("b", "you"), part("p", line.text)),
    );
    for (const { text, state, note } of this.own) {
      rows.push(row(`own ${state}`, spoken("b", "you"), part("p", text), spoken("small", note)));
    }
    this.update(rows);
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** Only what is new enters the page, so that a screen reader says only that. */
  private update(rows: HTMLElement[]): void {
    const old = [...this.list.children];
    let same = 0;
    while (same < old.length && same < rows.length && old[same]!.isEqualNode(rows[same]!)) same++;
    for (const stale of old.slice(same)) stale.remove();
    this.list.append(...rows.slice(same));
  }
}

function row(kind: string, ...parts: HTMLElement[]): HTMLElement {
  const item = document.createElement("div");
  item.className = kind;
  item.append(...parts);
  return item;
}

function part(tag: string, content: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = content;
  if (tag === "p") element.dir = "auto"; // whatever language it was written in
  return element;
}

/** A sentence of the page's, said anew where the page's language changes. */
function spoken(tag: string, key: Key): HTMLElement {
  const element = part(tag, say(key));
  element.dataset.say = key;
  return element;
}
