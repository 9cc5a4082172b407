/** What can be done with the chosen call. Each action shows its key. */
import { Controls, pressControl } from "./controls";
import type { Desk } from "./desk";
import { shortTime } from "./format";
import { HoldButton } from "./hold";
import { QrButton, QrSheet, showQr } from "./qr";
import type { Action } from "./refused";
import { ownedBy, undoable } from "./store";
import type { Call } from "./types";
import { Key } from "./ui";

export function Actions({ desk, call }: { desk: Desk; call: Call }) {
  const problem = desk.problem.value;
  const open = call.state === "open";
  return (
    <div class="actions" role="group" aria-label="Actions">
      {open ? <OpenActions desk={desk} call={call} /> : <Undo desk={desk} call={call} />}
      <div class="problem" role="alert">
        {problem?.call === call.id && (
          <p>
            {problem.text}{" "}
            <button type="button" class="small" onClick={() => (desk.problem.value = null)}>
              Dismiss
            </button>
          </p>
        )}
      </div>
    </div>
  );
}

function OpenActions({ desk, call }: { desk: Desk; call: Call }) {
  const linked = desk.facts.value.links.some((link) => link.state === "active");
  return (
    <>
      <Controls desk={desk} call={call} />
      <div class="row">
        <Act desk={desk} call={call} action="resend" shown="R" name="Resend text" />
        {linked && <QrButton desk={desk} call={call} />}
        {!ownedBy(call, desk.page.user.id) && <Act desk={desk} call={call} action="take-over" shown="O" name="Take over" />}
        <span class="gap" />
        {linked && (
          <HoldButton
            title="Hold down. The link stops working at once, on every phone that has it."
            disabled={desk.isBusy(call.id, "revoke-link")}
            onDone={() => void desk.act(call.id, "revoke-link")}
          >
            Revoke link
          </HoldButton>
        )}
        <Act desk={desk} call={call} action="close" shown="X" name="Close call" />
        <QrSheet call={call} linked={linked} />
      </div>
    </>
  );
}

function Undo({ desk, call }: { desk: Desk; call: Call }) {
  if (!undoable(call, desk.now.value)) return <p class="dim">This call is closed. Its record is in the history.</p>;
  return (
    <div class="row">
      <Act desk={desk} call={call} action="undo-close" shown="U" name="Undo close" main />
      <span class="dim num">Until {shortTime(call.undo_until!)}, with the same link.</span>
    </div>
  );
}

function Act(props: { desk: Desk; call: Call; action: Action; shown: string; name: string; main?: boolean }) {
  const { desk, call, action } = props;
  return (
    <button
      type="button"
      class={props.main ? "main" : ""}
      aria-disabled={desk.isBusy(call.id, action)}
      aria-keyshortcuts={props.shown}
      onClick={() => void desk.act(call.id, action)}
    >
      <Key>{props.shown}</Key> {props.name}
    </button>
  );
}

/** The same actions by key; false where the key means nothing now. */
export function press(desk: Desk, key: string): boolean {
  const call = desk.call.peek();
  if (!call) return false;
  if (pressControl(desk, key)) return true;
  const open = call.state === "open";
  if (key === "q") return open && showQr(desk, call);
  const can: Record<string, [Action, boolean]> = {
    r: ["resend", open],
    o: ["take-over", open && !ownedBy(call, desk.page.user.id)],
    x: ["close", open],
    u: ["undo-close", undoable(call, desk.now.peek())],
  };
  const [action, allowed] = can[key] ?? [];
  if (!action || !allowed) return false;
  void desk.act(call.id, action);
  return true;
}
