/** The console: what is where. */
import { useEffect, useState } from "preact/hooks";
import { Actions, press } from "./actions";
import { AlarmBar } from "./alarmbar";
import { Board, step } from "./board";
import type { Desk } from "./desk";
import { clock, languageName, since } from "./format";
import { listen } from "./keys";
import { PositionPanel } from "./position";
import { letterKeys, setSound, soundWanted } from "./settings";
import { KeySheet } from "./sheet";
import { StageBar } from "./stagebar";
import { permissions } from "./stages";
import { ownedBy, session } from "./store";
import { Timeline } from "./timeline";
import { TopBar } from "./topbar";
import type { Call } from "./types";
import { Badge, Key, Shape } from "./ui";
import { Stage } from "./video";

export function App({ desk }: { desk: Desk }) {
  const [keys, setKeys] = useState(false);
  const call = desk.call.value;
  useEffect(() => listen(
        () => letterKeys.peek(),
        (key) => act(desk, key, () => setKeys(true)),
        (key) => key === "t" && desk.talk.release(),
      ), []);

  return (
    <div class="console">
      <TopBar desk={desk} onKeys={() => setKeys(true)} />
      <nav class="side" aria-label="Calls">
        <Board desk={desk} />
      </nav>
      <main class="middle">{call ? <Chosen desk={desk} call={call} /> : <Nothing desk={desk} />}</main>
      <AlarmBar desk={desk} />
      <aside class="right" aria-label="Position and timeline">
        <PositionPanel desk={desk} />
        {call ? <Timeline key={call.id} desk={desk} call={call} /> : <div class="timeline" />}
      </aside>
      <KeySheet open={keys} onClose={() => setKeys(false)} />
    </div>
  );
}

function Chosen({ desk, call }: { desk: Desk; call: Call }) {
  const moving = desk.drawn(call.id) === "moving";
  return (
    <>
      <Head desk={desk} call={call} />
      <StageBar call={call} now={desk.now.value} live={call.media.state === "live" && moving} />
      <Stage desk={desk} call={call} />
      <Actions desk={desk} call={call} />
    </>
  );
}

function Head({ desk, call }: { desk: Desk; call: Call }) {
  const end = call.closed_at ? Date.parse(call.closed_at) : desk.now.value;
  const phone = session(call, desk.facts.value);
  const mine = ownedBy(call, desk.page.user.id);
  return (
    <div class="head">
      <div class="head-number">
        <h1 class="num">{call.number_display}</h1>
        <p class="head-age num">
          {clock(since(call.opened_at, end))}
          <span class="hidden"> since the call was opened</span>
        </p>
      </div>
      <p class="head-owner">
        {call.is_test && <Badge tone="wait">Test call</Badge>}
        {mine ? "Your call" : `Call of ${call.owner.name}`}
      </p>
      <p class="head-phone">
        {phone?.device ?? "No phone yet"}
        {phone?.language && ` · reads ${languageName(phone.language)}`}
      </p>
      <ul class="permissions" aria-label="Permissions">
        {permissions(phone, call.state === "closed").map(({ word, tone, note }) => (
          <li key={word} class={tone}>
            <Shape of={tone} />
            <span>
              {word}
              <span class={tone === "bad" ? "" : "hidden"}> {note}</span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Nothing({ desk }: { desk: Desk }) {
  if (desk.missing.value) {
    return (
      <div class="nothing" role="alert">
        <p class="words-title">{desk.missing.value}</p>
        <p>
          <button type="button" onClick={() => desk.select(null)}>
            Back to the open calls
          </button>
        </p>
      </div>
    );
  }
  const waiting = desk.selected.value !== null || desk.status.value.status === "connecting";
  if (waiting) return <div class="nothing dim">Loading</div>;
  return (
    <div class="nothing">
      <p class="dim">Type a number and send a link, or choose a call.</p>
      <ul class="hints" aria-hidden="true">
        {[
          ["N", "New call"],
          ["↓ ↑", "Next, previous call"],
          ["?", "All keys"],
        ].map(([key, what]) => (
          <>
            <li>
              <Key>{key!}</Key>
            </li>
            <li>{what}</li>
          </>
        ))}
      </ul>
    </div>
  );
}

function act(desk: Desk, key: string, showKeys: () => void): boolean {
  switch (key) {
    case "?":
      showKeys();
      return true;
    case "arrowdown":
      return step(desk, 1);
    case "arrowup":
      return step(desk, -1);
    case "n":
      return focus("#number");
    case "w":
      return focus("#message");
    case "m":
      setSound(!soundWanted.peek());
      return true;
    case "a": {
      const first = desk.alarms.peek()[0];
      if (first) desk.select(first.call);
      return first !== undefined;
    }
    case "p":
      document.querySelector<HTMLElement>("[data-copy-position]")?.click();
      return true;
    default:
      return press(desk, key);
  }
}

function focus(selector: string): boolean {
  const field = document.querySelector<HTMLInputElement | HTMLTextAreaElement>(selector);
  field?.focus();
  field?.select();
  return field !== null;
}
