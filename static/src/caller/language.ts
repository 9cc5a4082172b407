/**
 * Which language the page is in: the person's own choice, else the dispatcher's, else as it came.
 * Fetched beside the page's first script, which fits a phone's first round trips without it.
 */
import { retried } from "../shared/backoff";
import type { Memory } from "./memory";
import { learn, say } from "./strings";
import type { Key, Words } from "./strings";

export class Language {
  private readonly choice = document.getElementById("languages")!;
  private wanted: string | null;
  private complete = false; // the page came with the words of its first moment only

  /** `changed`: with the new language, or null where only its further words have come. */
  constructor(
    private readonly memory: Memory,
    private readonly changed: (language: string | null) => void,
  ) {
    this.wanted = memory.get("phone", "language");
    this.choice.addEventListener("click", ({ target }) => {
      const button = (target as Element).closest<HTMLElement>("button");
      if (button) this.pick(button.lang);
    });
    this.choice.addEventListener("change", ({ target }) => {
      this.pick((target as HTMLSelectElement).selectedOptions[0]!.lang);
    });
    // Without the further words no trouble could be told: they are asked for until they come.
    void retried(() => this.bring());
  }

  /** The dispatcher's choice: the person's own goes before it. */
  propose(language: string): void {
    this.wanted ??= language;
    this.settle();
  }

  /**
   * Brings the page to the language it should be in, without a reload: the video goes on. Where
   * the words cannot be had it stays as it is, until the next tap or the next connection.
   */
  settle(): void {
    this.bring().catch(() => undefined);
  }

  /** Rejects where the words cannot be had. */
  private async bring(): Promise<void> {
    const root = document.documentElement;
    const left = root.lang;
    const { wanted } = this;
    const option = this.option(wanted) ?? this.option(left);
    if (!option || (this.complete && option.lang === left)) return;
    let words: Words;
    try {
      const response = await fetch(option.dataset.words!);
      if (!response.ok) throw new Error(response.statusText);
      words = (await response.json()) as Words;
    } catch (error) {
      this.offer(left); // a list shows again what is spoken
      throw error;
    }
    if (wanted !== this.wanted) return this.bring(); // another tap meanwhile
    learn(words);
    this.complete = true;
    if (option.lang === left) return this.changed(null);
    root.lang = option.lang;
    root.dir = option.dir;
    this.offer(left);
    reword();
    this.changed(option.lang);
  }

  private pick(language: string): void {
    this.wanted = language;
    this.memory.set("phone", "language", language);
    this.settle();
  }

  private option(language: string | null): HTMLElement | undefined {
    return this.options.find(({ lang }) => lang === language);
  }

  private get options(): HTMLElement[] {
    return [...this.choice.querySelectorAll<HTMLElement>("[data-words]")];
  }

  /** The other languages; a list shows the one that is spoken. */
  private offer(left: string): void {
    const held = this.choice.contains(document.activeElement);
    for (const option of this.options) {
      const spoken = option.lang === document.documentElement.lang;
      if (option instanceof HTMLOptionElement) option.selected = spoken;
      else option.hidden = spoken;
    }
    // The tapped button is gone: the one that takes it back has its place in the order.
    if (held) this.options.find(({ lang }) => lang === left)?.focus();
  }
}

/** Says what stands in the page's own elements; the rest is drawn from the state. */
function reword(): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-say]")) {
    const button = element.querySelector("b"); // "Tap <b>Allow</b>."
    const [before, after] = say(element.dataset.say as Key, { allow: "\0" }).split("\0");
    if (button) element.replaceChildren(before!, button, after ?? "");
    else element.textContent = before!;
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-say-label]")) {
    element.setAttribute("aria-label", say(element.dataset.sayLabel as Key));
  }
  for (const field of document.querySelectorAll<HTMLTextAreaElement>("[data-say-hint]")) {
    field.placeholder = say(field.dataset.sayHint as Key);
  }
}
