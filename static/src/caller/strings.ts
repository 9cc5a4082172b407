/**
 * What the page says, in the language it is in. The sentences stand in callers/words.py and come
 * with the page; `make messages` makes the type of their keys.
 */
import type { Key } from "./english";

export type { Key };
export type Words = Readonly<Record<string, string>>;

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufefc]/;
let words: Words = {};

/** What a newer catalogue does not have stays in the language it was in. */
export function learn(more: Words): void {
  words = { ...words, ...more };
}

/**
 * A sentence. `{name}` is a value, such as the centre's name, or another sentence, such as the
 * word on a button. Where two directions of writing may meet, a value is kept apart from the text
 * around it (U+2068, U+2069).
 */
export function say(key: Key, values: Record<string, string> = {}): string {
  const sentence = words[key] ?? "";
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) return words[name] ?? "";
    return RIGHT_TO_LEFT.test(sentence + value) ? `\u2068${value}\u2069` : value;
  });
}
