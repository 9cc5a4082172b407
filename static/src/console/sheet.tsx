/** The sheet of keys, behind "?". */
import { useEffect, useRef } from "preact/hooks";
import { SHORTCUTS } from "./keys";
import { letterKeys, setLetterKeys } from "./settings";

export function KeySheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const sheet = dialog.current!;
    if (open && !sheet.open) sheet.showModal();
    if (!open && sheet.open) sheet.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="keys-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <h2 id="keys-title">Keys</h2>
      <dl>
        {SHORTCUTS.map(({ key, show, what }) => (
          <div key={key}>
            <dt>
              <kbd class="key">{show}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd class="key">Enter</kbd>
          </dt>
          <dd>Send: the link from the number field, the message from the message field</dd>
        </div>
        <div>
          <dt>
            <kbd class="key">Esc</kbd>
          </dt>
          <dd>Leave the field you type in, close this sheet</dd>
        </div>
      </dl>
      <p>
        <label>
          <input type="checkbox" checked={letterKeys.value} onChange={(event) => setLetterKeys(event.currentTarget.checked)} /> Single-letter
          keys. They never act while you type.
        </label>
      </p>
      <form method="dialog">
        <button class="main" autofocus>
          Close
        </button>
      </form>
    </dialog>
  );
}
