/** Entry of the caller page. Its first lines (first.ts) stand in the page itself. */
import { App } from "./app";
import { learn } from "./strings";
import type { Words } from "./strings";

learn(JSON.parse(document.getElementById("words")!.textContent) as Words);

// Another link of the same centre opened in this tab changes the fragment only.
addEventListener("hashchange", () => location.reload());

new App(window.sightline).start();
