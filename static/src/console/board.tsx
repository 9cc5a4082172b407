/** The open calls, and those closed a moment ago. */
import { useRef } from "preact/hooks";
import type { Desk } from "./desk";
import { capital, clock, radius, shortTime, since } from "./format";
import { stageWord } from "./stages";
import { ownedBy, position, undoable } from "./store";
import type { Call } from "./types";
import { Shape } from "./ui";

const CLOSED_IN_SIGHT = 4;

export function Board({ desk }: { desk: Desk }) {
  const { open, closed } = desk.board.value;
  const { recent, older } = fewest(closed, desk.selected.value);
  const list = useRef<HTMLDivElement>(null);
  const count = open.filter((call) => call.state === "open").length;

  // Rows keep their places while somebody points at them or has focus among them.
  const hold = () => (desk.held.value ??= desk.board.peek().open.map((call) => call.id));
  const release = () => {
    requestAnimationFrame(() => {
      const place = list.current;
      if (!place || place.matches(":hover") || place.contains(document.activeElement)) return;
      desk.held.value = null;
    });
  };

  return (
    <div class="board" ref={list} onPointerEnter={hold} onPointerLeave={release} onFocusIn={hold} onFocusOut={release}>
      <h2 id="open-calls">
        Open calls <span class="num">{count}</span>
      </h2>
      <ul aria-label="Open calls">
        {open.map((call) => (
          <Row key={call.id} desk={desk} call={call} />
        ))}
      </ul>
      {open.length === 0 && <p class="dim empty">None. Type a number and send a link.</p>}
      {closed.length > 0 && (
        <>
          <h2>Closed just now</h2>
          <ul aria-label="Closed calls">
            {recent.map((call) => (
              <Row key={call.id} desk={desk} call={call} />
            ))}
          </ul>
          {older.length > 0 && (
            <details class="older">
              <summary>
                <span class="num">{older.length}</span> more can be undone
              </summary>
              <ul aria-label="Closed earlier">
                {older.map((call) => (
                  <Row key={call.id} desk={desk} call={call} />
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </div>
  );
}

/** The newest closed calls and the chosen one stay in sight; nobody tabs through a whole shift. */
export function fewest(closed: Call[], chosen: string | null): { recent: Call[]; older: Call[] } {
  const first = closed.length - CLOSED_IN_SIGHT;
  const stays = (call: Call, at: number) => at >= first || call.id === chosen;
  return { recent: closed.filter(stays), older: closed.filter((call, at) => !stays(call, at)) };
}

function Row({ desk, call }: { desk: Desk; call: Call }) {
  const now = desk.now.value;
  const chosen = desk.selected.value === call.id;
  const closed = call.state === "closed";
  const stage = stageWord(call, now, desk.session(call), desk.drawn(call.id));
  const place = position(desk.feed.model, call.id);
  const mine = ownedBy(call, desk.page.user.id);
  const undo = undoable(call, now);
  return (
    <li class={`call ${stage.tone}${chosen ? " chosen" : ""}${closed ? " closed" : ""}`}>
      <button type="button" class="call-open" aria-current={chosen ? "true" : undefined} data-call={call.id} onClick={() => desk.select(call.id)}>
        <span class="call-number num">{call.number_display}</span>{" "}
        <span class="call-stage">
          <Shape of={closed ? "closed" : stage.tone} /> {stage.word}
        </span>{" "}
        <span class="call-age num">{clock(closed ? since(call.opened_at, Date.parse(call.closed_at ?? "")) : since(call.opened_at, now))}</span>{" "}
        <span class="call-place num">{place && !closed ? radius(place.accuracy) : ""}</span>{" "}
        <span class="call-note" title={stage.note}>
          {closed && call.undo_until ? `Undo until ${shortTime(call.undo_until)}` : capital(stage.note ?? "")}
        </span>{" "}
        <span class="call-owner">
          {call.is_test ? "Test · " : ""}
          {mine ? "You" : call.owner.name}
        </span>
      </button>
      {closed && undo && !chosen && (
        <button type="button" class="small" aria-label={`Undo close of ${call.number_display}`} onClick={() => void desk.act(call.id, "undo-close")}>
          Undo close
        </button>
      )}
    </li>
  );
}

/** Arrow keys: the next or previous call in the order of the page. */
export function step(desk: Desk, by: 1 | -1): boolean {
  const { open, closed } = desk.board.peek();
  const ids = [...open, ...fewest(closed, desk.selected.peek()).recent].map((call) => call.id);
  if (ids.length === 0) return false;
  const at = ids.indexOf(desk.selected.peek() ?? "");
  const next = ids[at === -1 ? (by === 1 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, at + by))];
  if (next === undefined) return false;
  desk.select(next);
  const row = document.querySelector<HTMLElement>(`[data-call="${CSS.escape(next)}"]`);
  // Where focus already was in the list, it goes along; elsewhere it stays where it is.
  if (document.activeElement?.closest(".board")) row?.focus();
  row?.scrollIntoView({ block: "nearest" });
  return true;
}
