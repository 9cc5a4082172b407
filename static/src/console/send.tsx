/** The number field: where every call begins. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, say } from "./api";
import type { Desk } from "./desk";
import { leaveField } from "./focus";
import { clock, since } from "./format";
import type { Call } from "./types";
import { Key } from "./ui";
import { uuid } from "./uuid";

interface Trouble {
  text: string;
  atField: boolean;
  call: Call | null;
}

export function Send({ desk }: { desk: Desk }) {
  const { centre, prefill_number } = desk.page;
  const [number, setNumber] = useState(prefill_number);
  const [language, setLanguage] = useState(centre.default_language);
  const [sending, setSending] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const command = useRef(""); // one per intention: a repeated press is not a second call

  useEffect(() => {
    if (!prefill_number || location.hash) return;
    field.current?.focus();
  }, []);

  // Whoever turns to something else has read it.
  useEffect(() => {
    if (!trouble) return;
    const elsewhere = (event: Event) => {
      if (!field.current?.form?.contains(event.target as Node)) setTrouble(null);
    };
    addEventListener("pointerdown", elsewhere);
    return () => removeEventListener("pointerdown", elsewhere);
  }, [trouble]);

  const typed = (value: string) => {
    setNumber(value);
    setTrouble(null);
    command.current = "";
  };

  const send = async (another = false) => {
    if (sending) return;
    if (!number.trim()) {
      setTrouble({ text: "Type the caller's phone number first.", atField: true, call: null });
      field.current?.focus();
      return;
    }
    setSending(true);
    setTrouble(null);
    command.current ||= uuid();
    try {
      const order = { number: number.trim(), language, command: command.current };
      const { call } = await desk.api.send(another ? { ...order, new: true } : order);
      desk.learn(call);
      forgetPrefill();
      desk.select(call.id);
      typed("");
    } catch (error) {
      const known = error instanceof ApiError && error.code === "call_open" ? (error.body.call as Call) : null;
      const settled = error instanceof ApiError && error.status >= 400 && error.status < 500;
      if (settled) command.current = ""; // refused for good: the next press is a new try
      const atField = error instanceof ApiError && (error.field === "number" || known !== null);
      setTrouble({ text: atField ? say(error) : `The link was not sent. ${say(error)}`, atField, call: known });
      if (atField && !known) field.current?.focus();
    } finally {
      setSending(false);
    }
  };

  const open = (call: Call) => {
    desk.learn(call);
    desk.select(call.id);
    typed("");
  };

  return (
    <form
      class="send"
      aria-label="New call"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        if (trouble) setTrouble(null);
        else leaveField();
      }}
    >
      <label class="hidden" for="number">
        Phone number
      </label>
      <input
        id="number"
        ref={field}
        type="tel"
        value={number}
        placeholder="Phone number"
        autocomplete="off"
        spellcheck={false}
        maxLength={40}
        aria-describedby={trouble ? "number-trouble" : undefined}
        aria-invalid={trouble?.atField ? true : undefined}
        onInput={(event) => typed(event.currentTarget.value)}
      />
      <label class="hidden" for="language">
        Language
      </label>
      <select id="language" value={language} title="Language of the text and of the caller's page" onChange={(event) => setLanguage(event.currentTarget.value)}>
        {centre.languages.map(({ code, name }) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </select>
      <button type="submit" class="main" aria-disabled={sending}>
        {sending ? "Sending…" : "Send link"} <Key>⏎</Key>
      </button>
      <div class="send-trouble" id="number-trouble" role="alert">
        {trouble && (
          <div class="trouble">
            <p>{trouble.text}</p>
            {trouble.call && <KnownCall desk={desk} call={trouble.call} onOpen={open} onAnother={() => void send(true)} />}
          </div>
        )}
      </div>
    </form>
  );
}

function KnownCall(props: { desk: Desk; call: Call; onOpen: (call: Call) => void; onAnother: () => void }) {
  const { desk, call } = props;
  const age = clock(since(call.opened_at, desk.now.value));
  return (
    <>
      <p class="num dim">
        {call.number_display}, open for {age}, {call.owner.name}
      </p>
      <p class="row">
        <button type="button" class="main" onClick={() => props.onOpen(call)}>
          Open the call
        </button>
        <button type="button" onClick={props.onAnother}>
          Start another
        </button>
      </p>
    </>
  );
}

/** The number in the address has been used: a reload must not offer it again. */
function forgetPrefill(): void {
  const url = new URL(location.href);
  if (!url.searchParams.has("number")) return;
  url.searchParams.delete("number");
  history.replaceState(null, "", url);
}
