/** What happened and what was said, in one column, newest at the bottom. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Desk } from "./desk";
import { leaveField } from "./focus";
import { capital, clock, since, timeOfDay } from "./format";
import type { Draft } from "./outbox";
import { timeline } from "./store";
import type { Entry } from "./store";
import type { Call, CallEvent } from "./types";
import { Key } from "./ui";

const NEAR = 48; // px from the bottom that still count as "at the bottom"

export function Timeline({ desk, call }: { desk: Desk; call: Call }) {
  const list = useRef<HTMLOListElement>(null);
  const atBottom = useRef(true);
  const [unread, setUnread] = useState(false);
  const entries = timeline(desk.facts.value);
  const drafts = desk.drafts.value;
  const size = `${entries.length} ${drafts.length}`;

  // Stay at the newest entry, unless the reader has scrolled up to something older.
  useLayoutEffect(() => {
    const place = list.current;
    if (!place) return;
    if (atBottom.current) place.scrollTop = place.scrollHeight;
    else setUnread(true);
  }, [size]);

  const scrolled = () => {
    const place = list.current!;
    atBottom.current = place.scrollHeight - place.scrollTop - place.clientHeight < NEAR;
    if (atBottom.current) setUnread(false);
  };
  const toNewest = () => {
    list.current!.scrollTop = list.current!.scrollHeight;
  };

  return (
    <section class="timeline" aria-label="Timeline">
      <ol ref={list} onScroll={scrolled} tabIndex={0} aria-label="What happened, newest last">
        {entries.map((entry) => (
          <Item key={entry.id} entry={entry} call={call} />
        ))}
        {drafts.map((draft) => (
          <DraftItem key={draft.command} draft={draft} call={call} desk={desk} />
        ))}
      </ol>
      {unread && (
        <button type="button" class="newest" onClick={toNewest}>
          Newer entries below
        </button>
      )}
      <Heard entries={entries} />
      {call.state === "open" && <Write key={call.id} desk={desk} call={call} />}
    </section>
  );
}

function When({ call, at }: { call: Call; at: string }) {
  return (
    <time class="num" dateTime={at} title={timeOfDay(at)}>
      {clock(since(call.opened_at, Date.parse(at)))}
    </time>
  );
}

function Item({ entry, call }: { entry: Entry; call: Call }) {
  if (entry.type === "chat") {
    const { from, name, text } = entry.chat;
    return (
      <li class={`chat ${from}`}>
        <When call={call} at={entry.at} />
        <div>
          <span class="who">{from === "caller" ? "Caller" : name || "Staff"}</span>
          <p dir="auto">{text}</p>
        </div>
      </li>
    );
  }
  const { event } = entry;
  const trouble = isTrouble(event);
  return (
    <li class={`event${trouble ? " trouble" : ""}`}>
      <When call={call} at={entry.at} />
      <div>
        {capital(event.text)}
        {event.actor.kind === "staff" && event.actor.name && <span class="dim"> · {event.actor.name}</span>}
      </div>
    </li>
  );
}

/** Something did not go as asked: marked, so that it is found in a long column. */
function isTrouble(event: CallEvent): boolean {
  const { outcome } = event.data;
  return (typeof outcome === "string" && outcome !== "granted") || /(failed|unknown|expired|down|lost)$/.test(event.kind);
}

function DraftItem({ draft, call, desk }: { draft: Draft; call: Call; desk: Desk }) {
  return (
    <li class={`chat staff ${draft.state}`}>
      <When call={call} at={draft.at} />
      <div>
        <span class="who">{desk.page.user.name}</span>
        <p dir="auto">{draft.text}</p>
        {draft.state === "pending" && <span class="dim">Sending…</span>}
        {draft.state === "failed" && (
          <p class="failed" role="alert">
            Not sent. {draft.problem}{" "}
            <button type="button" class="small" onClick={() => desk.outbox.retry(draft.command)}>
              Try again
            </button>{" "}
            <button type="button" class="small" onClick={() => desk.outbox.drop(draft.command)}>
              Discard
            </button>
          </p>
        )}
      </div>
    </li>
  );
}

/** Only what the caller writes is read out: events are there to be looked up. */
function Heard({ entries }: { entries: Entry[] }) {
  const last = entries.filter((entry) => entry.type === "chat" && entry.chat.from === "caller").at(-1);
  const first = useRef(last?.id);
  const text = last?.type === "chat" && last.id !== first.current ? `Caller: ${last.chat.text}` : "";
  return (
    <div class="hidden" aria-live="polite">
      {text}
    </div>
  );
}

function Write({ desk, call }: { desk: Desk; call: Call }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const send = () => {
    const text = field.current!.value.trim();
    if (!text) return;
    desk.outbox.send(call.id, text);
    field.current!.value = "";
    desk.unsent.delete(call.id);
    field.current!.focus();
  };
  return (
    <form
      class="write"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="hidden" for="message">
        Message to caller
      </label>
      <textarea
        id="message"
        ref={field}
        rows={2}
        maxLength={2000}
        dir="auto"
        defaultValue={desk.unsent.get(call.id)}
        onInput={(event) => desk.unsent.set(call.id, event.currentTarget.value)}
        placeholder="Write to the caller"
        onKeyDown={(event) => {
          if (event.key === "Escape") leaveField();
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <button type="submit" aria-label="Send message">
        Send <Key>⏎</Key>
      </button>
    </form>
  );
}
