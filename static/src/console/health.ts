/** What does not work, in one line: the worst first, what to do, and what still works. */
import type { PartName } from "../shared/protocol";
import type { Tone } from "./stages";

export interface Health {
  tone: Tone;
  title: string;
  detail: string;
}

type Way = "Texts" | "Video" | "Positions" | "Messages";

const WAYS: Way[] = ["Video", "Texts", "Positions", "Messages"];

interface Words {
  tone: Tone;
  title: string;
  help: string;
  /** What does not work without it. */
  takes: Way[];
}

/** Worst first. Without its database the server can do nothing; what it was told last stays. */
const WORDS: [PartName, Words][] = [
  ["db", { tone: "bad", title: "The server cannot reach its database", help: "Picture and sound go on. No link can be sent.", takes: WAYS }],
  ["media", { tone: "bad", title: "Video is down", help: "Ask the caller what they see.", takes: ["Video"] }],
  ["texts", { tone: "bad", title: "Texts are refused", help: "Tell your administrator.", takes: ["Texts"] }],
  ["worker", { tone: "bad", title: "Texts are late", help: "They go out later by themselves.", takes: ["Texts"] }],
  ["redis", { tone: "wait", title: "Updates may come 2 s late", help: "Unwatched cameras raise no alarm.", takes: [] }],
  ["tasks", { tone: "wait", title: "Texts may come 2 s late", help: "Unwatched cameras raise no alarm.", takes: [] }],
  ["beat", { tone: "wait", title: "Unwatched cameras raise no alarm", help: "Keep live calls in sight.", takes: [] }],
];

/** Null while all works. */
export function health(failing: ReadonlySet<PartName>): Health | null {
  const found = WORDS.filter(([part]) => failing.has(part)).map(([, words]) => words);
  const worst = found[0];
  if (!worst) return null;
  // Without the database nothing else can be known, nor matters.
  if (failing.has("db")) return { tone: worst.tone, title: worst.title, detail: worst.help };
  const [, ...others] = found.map(({ title }) => title);
  return { tone: worst.tone, title: [worst.title, ...others].join(" · "), detail: `${worst.help} ${left(found)}`.trim() };
}

function left(found: Words[]): string {
  const ways = WAYS.filter((way) => !found.some(({ takes }) => takes.includes(way)));
  if (ways.length === WAYS.length) return "All else works.";
  const words = ways.map((way, at) => (at === 0 ? way : way.toLowerCase()));
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)} work.`;
}
