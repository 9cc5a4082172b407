/** The call's link as a large QR code, for a phone that can see this screen. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { say } from "./api";
import type { Desk } from "./desk";
import type { Call } from "./types";
import { Key } from "./ui";

/** What is shown, and of which call; null once the sheet is closed, for it is a capability. */
const shown = signal<{ call: string; svg: string } | null>(null);
const asking = signal<string | null>(null);

/** Ask for the link and show it; false while an answer is on its way. */
export function showQr(desk: Desk, call: Call): boolean {
  if (asking.peek()) return false;
  asking.value = call.id;
  if (desk.problem.peek()?.call === call.id) desk.problem.value = null;
  desk.api
    .showLink(call.id)
    .then(
      // Never over another call that was chosen meanwhile.
      ({ qr_svg }) => desk.selected.peek() === call.id && (shown.value = { call: call.id, svg: qr_svg }),
      (error: unknown) => (desk.problem.value = { call: call.id, text: `The link was not shown. ${say(error)}` }),
    )
    .finally(() => (asking.value = null));
  return true;
}

export function QrButton({ desk, call }: { desk: Desk; call: Call }) {
  return (
    <button type="button" aria-disabled={asking.value === call.id} aria-keyshortcuts="Q" aria-haspopup="dialog" onClick={() => showQr(desk, call)}>
      <Key>Q</Key> Show QR
    </button>
  );
}

/** Closes by itself when the link stops working or another call is chosen. */
export function QrSheet({ call, linked }: { call: Call; linked: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = () => void (shown.value = null);
  const svg = linked && shown.value?.call === call.id ? shown.value.svg : null;
  useEffect(() => {
    const sheet = dialog.current!;
    if (svg && !sheet.open) sheet.showModal();
    if (!svg && sheet.open) sheet.close();
  }, [svg]);
  useEffect(() => close, [call.id]);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="qr-title"
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <h2 id="qr-title">Link of {call.number_display}</h2>
      {/* Drawn by the server from the link's modules: no text of anybody gets in. */}
      <div class="qr" role="img" aria-label="QR code of the link" dangerouslySetInnerHTML={{ __html: svg ?? "" }} />
      <p>Point a phone’s camera at the code, open the link and tap Start video.</p>
      <p class="dim">For someone who can see this screen, or to try with a phone here. The phone that taps last is the one you see.</p>
      <form method="dialog">
        <button class="main" autofocus>
          Close
        </button>
      </form>
    </dialog>
  );
}
