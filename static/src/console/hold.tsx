/**
 * A button for what cannot be undone: it asks to be held down, by pointer, Enter or Space. A press
 * made by assistive technology has no length, so for it a second press within five seconds counts.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const HOLD = 800; // ms
const ARMED = 5000;

export function HoldButton(props: { children: ComponentChildren; title: string; disabled?: boolean; onDone: () => void }) {
  const [holding, setHolding] = useState(false);
  const [asking, setAsking] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const held = useRef(false); // the click that ends a hold is not a press of its own

  useEffect(() => () => clearTimeout(timer.current), []);

  const start = () => {
    if (props.disabled || holding) return;
    held.current = true;
    setHolding(true);
    setAsking(false);
    timer.current = setTimeout(() => {
      setHolding(false);
      props.onDone();
    }, HOLD);
  };
  const end = () => {
    if (!holding) return;
    clearTimeout(timer.current);
    setHolding(false);
    ask(); // let go too early: say what was wanted
  };
  const ask = () => {
    setAsking(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setAsking(false), ARMED);
  };
  const click = () => {
    if (held.current) {
      held.current = false;
      return;
    }
    if (props.disabled) return;
    if (asking) {
      setAsking(false);
      props.onDone();
    } else ask();
  };

  return (
    <button
      type="button"
      class={`hold${holding ? " holding" : ""}`}
      title={props.title}
      aria-disabled={props.disabled}
      onPointerDown={(event) => event.button === 0 && start()}
      onPointerUp={end}
      onPointerLeave={end}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        if (!event.repeat) start();
      }}
      onKeyUp={(event) => (event.key === "Enter" || event.key === " ") && end()}
      onBlur={end}
      onClick={click}
    >
      {props.children}
      <span class="hold-word" role="status">
        {asking ? " · keep holding" : ""}
      </span>
    </button>
  );
}
