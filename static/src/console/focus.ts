/**
 * Focus is never lost: when the control that has it leaves the page (a call was closed, a notice
 * dismissed), focus goes to where a hand would look next, so that keys and screen readers go on.
 */

/** Watches a part of the page; returns what ends it. */
export function keepFocus(root: HTMLElement): () => void {
  let last: HTMLElement | null = null;
  let around: Element[] = []; // its surroundings, nearest first

  const came = ({ target }: FocusEvent) => {
    last = target as HTMLElement;
    around = [];
    for (let place = last.parentElement; place && place !== root; place = place.parentElement) around.push(place);
  };
  // Left on purpose, and not by being removed.
  const left = () => queueMicrotask(() => last?.isConnected && nowhere() && (last = null));
  const changed = () => {
    if (!last || last.isConnected) return;
    const gone = last;
    last = null;
    if (nowhere()) next(root, gone, around)?.focus({ preventScroll: true });
  };

  const observer = new MutationObserver(changed);
  observer.observe(root, { childList: true, subtree: true });
  root.addEventListener("focusin", came);
  root.addEventListener("focusout", left);
  return () => {
    observer.disconnect();
    root.removeEventListener("focusin", came);
    root.removeEventListener("focusout", left);
  };
}

/** Out of a field to type in, to where single-letter keys work. */
export function leaveField(): void {
  const row = document.querySelector<HTMLElement>('[data-call][aria-current="true"]');
  if (row) row.focus({ preventScroll: true });
  else (document.activeElement as HTMLElement | null)?.blur();
}

function nowhere(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** The same call's row, else a button of the same group, else the chosen call, else the first. */
function next(root: HTMLElement, gone: HTMLElement, around: Element[]): HTMLElement | null {
  const row = gone.closest(".call")?.querySelector<HTMLElement>("[data-call]");
  const same = row && root.querySelector<HTMLElement>(`[data-call="${CSS.escape(row.dataset.call!)}"]`);
  if (same) return same;
  const group = around.find((place) => place.isConnected && place.matches('[role="group"], section'));
  // A button, never a field: a letter that was meant as a key would be typed into it.
  return (
    group?.querySelector<HTMLElement>("button:not([disabled])") ??
    root.querySelector<HTMLElement>('[data-call][aria-current="true"]') ??
    root.querySelector<HTMLElement>("[data-call]") ??
    root.querySelector<HTMLElement>("form button")
  );
}
