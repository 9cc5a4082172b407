/** The alarm over the chosen call's heading: it covers no picture and moves nothing. */
import { clock } from "./format";
import type { Desk } from "./desk";
import { Key, Shape } from "./ui";

export function AlarmBar({ desk }: { desk: Desk }) {
  const found = desk.alarms.value;
  const [first, ...others] = found;
  const now = desk.now.value;
  return (
    <div class="alarms" role="alert" aria-label="Alarm">
      {first && (
        <div class="alarm">
          <p>
            <Shape of="bad" /> Nobody is watching <strong class="num">{first.number}</strong>
            <span class="num" aria-hidden="true">
              {" "}
              · video stops in {clock(first.stops - now)}
            </span>
            {others.length > 0 && <span class="num"> · {others.length} more</span>}
          </p>
          <button type="button" class="main" aria-keyshortcuts="A" onClick={() => desk.select(first.call)}>
            <Key>A</Key> Watch
          </button>
        </div>
      )}
    </div>
  );
}
