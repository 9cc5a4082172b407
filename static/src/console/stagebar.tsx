/** The chosen call in five steps: text sent, delivered, opened, allowed, live. */
import { clock, since } from "./format";
import { steps } from "./stages";
import type { Step } from "./stages";
import type { Call } from "./types";

const MARKS: Record<Step["state"], string> = {
  done: "m4.4 8.3 2.4 2.4 4.9-5",
  now: "",
  todo: "",
  failed: "m5 5 6 6M11 5l-6 6",
};

const SPOKEN: Record<Step["state"], string> = { done: "done", now: "waiting", todo: "not yet", failed: "failed" };

export function StageBar({ call, now, live }: { call: Call; now: number; live: boolean }) {
  return (
    <ol class="stages" aria-label="Stage of the call">
      {steps(call).map((step) => (
        <li key={step.name} class={`stage ${step.state}${step.name === "Live" && step.state === "done" && live ? " live" : ""}`}>
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <circle cx="8" cy="8" r="7" />
            {MARKS[step.state] && <path d={MARKS[step.state]} />}
            {step.state === "now" && <circle class="pip" cx="8" cy="8" r="2.6" />}
          </svg>
          <span class="stage-name">
            {step.name}
            <span class="hidden">, {SPOKEN[step.state]}</span>
          </span>
          <span class="stage-when num" title={step.reason ?? undefined}>
            {when(call, step, now)}
          </span>
        </li>
      ))}
    </ol>
  );
}

function when(call: Call, step: Step, now: number): string {
  if (step.state === "failed") return step.reason ?? "failed";
  if (step.at) return clock(since(call.opened_at, Date.parse(step.at)));
  if (step.state === "now") return `${clock(now - Math.max(...reachedTimes(call)))} …`;
  return "";
}

/** The wait for the next step runs from the last thing that happened. */
function reachedTimes(call: Call): number[] {
  const times = Object.values(call.stages).flatMap((mark) => (mark.at ? [Date.parse(mark.at)] : []));
  return [Date.parse(call.opened_at), ...times];
}
