/** The tokens keep their promise: text is readable (WCAG AA) in every theme. */
import { describe, expect, it } from "vitest";

// Page code is typed for browsers, so Node's own modules have no types here; and the test runner
// gives style sheets as empty text.
const files = (await import(/* @vite-ignore */ ["node", "fs"].join(":"))) as {
  readFileSync: (from: URL, encoding: "utf8") => string;
};
const css = files.readFileSync(new URL("../shared/tokens.css", import.meta.url), "utf8");

function tokens(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf("\n}", start));
  return Object.fromEntries([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((match) => [match[1]!, match[2]!]));
}

function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const [r, g, b] = parts.map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const dark = tokens(":root");
const themes = {
  dark,
  light: { ...dark, ...tokens('[data-theme="light"]') },
  night: { ...dark, ...tokens('[data-theme="night"]') },
};

const TEXT: [text: string, grounds: string[]][] = [
  ["ink", ["bg", "panel", "raised", "sunk", "ground", "bad-bg"]],
  ["ink-2", ["bg", "panel", "raised", "ground"]],
  ["ink-3", ["panel", "raised", "sunk"]],
  ["act-ink", ["act"]],
  ["good", ["panel", "raised", "good-bg"]],
  ["wait", ["panel", "raised", "ground", "wait-bg"]],
  ["bad", ["panel", "raised", "ground", "bad-bg"]],
];
const SHAPES: [shape: string, grounds: string[]][] = [
  ["edge", ["panel", "sunk"]],
  ["focus", ["panel", "raised", "sunk", "ground"]],
  ["map-dot", ["map-land", "map-water"]],
  ["map-label", ["map-land"]],
];

describe.each(Object.entries(themes))("the %s theme", (_, theme) => {
  it.each(TEXT.flatMap(([text, grounds]) => grounds.map((ground) => [text, ground] as const)))("reads --%s on --%s", (text, ground) => {
    expect(contrast(theme[text]!, theme[ground]!)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(SHAPES.flatMap(([shape, grounds]) => grounds.map((ground) => [shape, ground] as const)))("shows --%s on --%s", (shape, ground) => {
    expect(contrast(theme[shape]!, theme[ground]!)).toBeGreaterThanOrEqual(3);
  });
});
