/** Number field, state of the parts, centre, and the user's own menu. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Desk } from "./desk";
import { ago, timeOfDay } from "./format";
import { health } from "./health";
import { Send } from "./send";
import { alarmSound, letterKeys, setAlarmSound, setLetterKeys, setTheme, theme, THEMES } from "./settings";
import type { Theme } from "./settings";
import type { Tone } from "./stages";
import { Icon, Key, Shape } from "./ui";

export function TopBar({ desk, onKeys }: { desk: Desk; onKeys: () => void }) {
  return (
    <header class="top">
      <Send desk={desk} />
      <Connection desk={desk} />
      <Centre desk={desk} />
      <UserMenu desk={desk} onKeys={onKeys} />
    </header>
  );
}

interface Line {
  tone: Tone;
  title: string;
  detail?: ComponentChildren;
}

/**
 * One calm line while all is well; a block with the next step when it is not. It has its place in
 * the bar either way, so that nothing moves. It speaks only when something changes.
 */
function Connection({ desk }: { desk: Desk }) {
  const { tone, title, detail } = line(desk);
  return (
    <div class={`health ${tone}`} role="status" aria-label="Connection">
      <p class="health-title">
        <Shape of={tone} /> {title}
      </p>
      {detail && <p>{detail}</p>}
    </div>
  );
}

function line(desk: Desk): Line {
  const { status, since } = desk.status.value;
  const over = desk.over.value;
  if (over !== null) return { tone: "bad", title: over.title, detail: <a href={over.href}>{over.link}</a> };
  const failing = new Set(desk.parts.failing.value);
  if (desk.videoDown.value) failing.add("media");
  // A server that answers, but has no heartbeat, is not lost.
  if (failing.has("db")) return health(failing)!;
  if (status === "lost") return { tone: "bad", title: "Connection lost", detail: <Lost desk={desk} from={since - 5000} /> };
  if (status === "connecting") return { tone: "wait", title: "Connecting" };
  return health(failing) ?? { tone: "good", title: "All parts working" };
}

function Lost({ desk, from }: { desk: Desk; from: number }) {
  void desk.now.value; // counts on, without being read out each second
  return (
    <>
      What you see is from <span class="num">{timeOfDay(from)}</span>
      <span class="num" aria-hidden="true">
        {" "}
        ({ago(Date.now() - from)})
      </span>
      . Trying again by itself.
    </>
  );
}

function Centre({ desk }: { desk: Desk }) {
  const { centre, centres } = desk.page;
  if (centres.length < 2) return <p class="centre">{centre.name}</p>;
  const change = (slug: string) => location.assign(`?centre=${encodeURIComponent(slug)}`);
  return (
    <select class="centre" aria-label="Centre" value={centre.slug} onChange={(event) => change(event.currentTarget.value)}>
      {centres.map(({ slug, name }) => (
        <option key={slug} value={slug}>
          {name}
        </option>
      ))}
    </select>
  );
}

const THEME_NAMES: Record<Theme, string> = { dark: "Dark", light: "Light", night: "Night red" };

function UserMenu({ desk, onKeys }: { desk: Desk; onKeys: () => void }) {
  const { user, urls, csrf, version } = desk.page;
  const id = useId();
  const shut = () => document.getElementById(id)?.hidePopover();
  return (
    <div class="user">
      <button type="button" popovertarget={id} aria-label={`${user.name}: account and settings`}>
        <span class="user-name">{user.name}</span> <Icon name="down" />
      </button>
      <div id={id} popover="auto" class="menu">
        <p>
          {user.name}
          <br />
          <span class="dim">{user.email}</span>
        </p>
        <fieldset>
          <legend>Theme</legend>
          {THEMES.map((name) => (
            <label key={name}>
              <input type="radio" name="theme" checked={theme.value === name} onChange={() => setTheme(name)} />
              {THEME_NAMES[name]}
            </label>
          ))}
        </fieldset>
        <label>
          <input type="checkbox" checked={letterKeys.value} onChange={(event) => setLetterKeys(event.currentTarget.checked)} />
          Single-letter keys
        </label>
        <label>
          <input type="checkbox" checked={alarmSound.value} onChange={(event) => setAlarmSound(event.currentTarget.checked)} />
          Alarm sound
        </label>
        <hr />
        <button
          type="button"
          onClick={() => {
            shut();
            onKeys();
          }}
        >
          Keys <Key>?</Key>
        </button>
        <a href={urls.history}>Closed calls</a>
        {urls.admin && <a href={urls.admin}>Administration</a>}
        <form method="post" action={urls.logout}>
          <input type="hidden" name="csrfmiddlewaretoken" value={csrf} />
          <button type="submit">Sign out</button>
        </form>
        <p class="dim num version">Sightline {version}</p>
      </div>
    </div>
  );
}
