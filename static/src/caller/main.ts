/** Entry of the caller page: reads the link's secret, which never leaves the fragment but here. */
import { App } from "./app";
import { learn } from "./strings";
import type { Words } from "./strings";

learn(JSON.parse(document.getElementById("words")!.textContent) as Words);

// Text apps sometimes carry a full stop or a bracket into the link.
const secret = /^#([A-Za-z0-9]*)/.exec(location.hash)?.[1] ?? "";

// Another link of the same centre opened in this tab changes the fragment only.
addEventListener("hashchange", () => location.reload());

new App(secret).start();
