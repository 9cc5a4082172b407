/** What dispatcher and caller write to each other, large enough to read at arm's length. */
import { say } from "./strings";

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
  reason: string;
}

export class Chat {
  private own: Own[] = []; // written here, not yet in the stream
  private shown = "";

  constructor(
    private readonly list: HTMLElement,
    private readonly centre: () => string,
  ) {}

  wrote(key: string, text: string): void {
    this.own.push({ key, text, state: "sending", reason: "" });
  }

  refused(key: string, reason: string): void {
    const own = this.own.find((line) => line.key === key);
    if (own) Object.assign(own, { state: "refused", reason });
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
        ? row("staff", this.centre(), line.text, "")
        : row("own", say("you"), line.text, ""),
    );
    for (const { text, state, reason } of this.own) {
      const note = state === "refused" ? say("notSent", { reason }) : say("sending");
      rows.push(row(`own ${state}`, say("you"), text, note));
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

function row(kind: string, who: string, text: string, note: string): HTMLElement {
  const item = document.createElement("li");
  item.className = kind;
  const parts: [string, string][] = [
    ["b", who],
    ["p", text],
    ["small", note],
  ];
  for (const [tag, content] of parts) {
    if (!content) continue;
    const part = document.createElement(tag);
    part.textContent = content;
    if (tag === "p") part.dir = "auto";
    item.append(part);
  }
  return item;
}
