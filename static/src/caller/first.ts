/**
 * The page's first lines, written into the page itself: the session, and with it a place in the
 * room, is asked for before any other script has come. What is imported here must be imported
 * nowhere else, or this would be no longer one piece.
 */
import { fingerprint, uuid } from "./names";

/** What the page's other scripts go on with. */
export interface First {
  /** The link's secret, which never leaves the fragment but here. */
  secret: string;
  /** The name of this page load. */
  boot: string;
  /** Before the names of all that is kept on the phone for this link. */
  prefix: string;
  /** The answer to the first question, once. */
  answer: Promise<Response> | null;
}

declare global {
  interface Window {
    sightline: First;
  }
}

// Text apps sometimes carry a full stop or a bracket into the link.
const secret = /^#([A-Za-z0-9]*)/.exec(location.hash)?.[1] ?? "";
const boot = uuid();
const prefix = `sl.${fingerprint(secret)}.`;

/** A reload is the same session: what the person allowed before belongs to it. */
function known(): { session?: string } {
  try {
    const session = JSON.parse(localStorage.getItem(`${prefix}session`) ?? "null") as string | null;
    return session ? { session } : {};
  } catch {
    return {};
  }
}

function ask(): Promise<Response> {
  const language = document.documentElement.lang;
  // Somebody looks at the page for the first time: a seat may come with the session.
  const seat = document.visibilityState !== "hidden";
  return fetch("/s/", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ secret, boot, language, seat, ...known() }),
    credentials: "same-origin",
    cache: "no-store",
  });
}

const answer = ask();
answer.catch(() => undefined); // whoever waits for it is told
window.sightline = { secret, boot, prefix, answer };
