/*
 * Drives one Firefox over WebDriver BiDi for the end-to-end tests: one command a line on stdin,
 * one answer a line on stdout, both JSON. Ends, and Firefox with it, when stdin does.
 *
 *   {"do": "open", "url": …}      {"ok": true, "value": …}  or  {"ok": false, "error": "…"}
 */
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../../static/package.json", import.meta.url));
const puppeteer = require("puppeteer-core");
const { executable, profile, prefs, args, probe, place, origin } = JSON.parse(process.argv[2]);

const PATIENCE = 15000; // ms
const said = []; // what the page wrote to its console, and errors nobody caught

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: executable,
  userDataDir: profile,
  headless: true,
  extraPrefsFirefox: prefs,
  args,
  defaultViewport: { width: 360, height: 640 },
});
const page = await browser.newPage();
page.setDefaultTimeout(PATIENCE);
page.on("console", (message) => said.push(`[${message.type()}] ${message.text()}`));
page.on("pageerror", (error) => said.push(`BROKEN ${error.message ?? error}`));
await page.evaluateOnNewDocument(probe);
await browser.defaultBrowserContext().overridePermissions(origin, ["geolocation"]);
await page.setGeolocation(place);

/** A control by its accessible name and role, once it can be seen. */
const control = ({ role, name }) =>
  page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`, { visible: true });

const commands = {
  open: ({ url }) => page.goto(url, { waitUntil: "load" }).then(() => null),
  reload: () => page.reload({ waitUntil: "load" }).then(() => null),
  see: async (what) => Boolean(await control(what)),
  click: async (what) => {
    await (await control(what)).click();
  },
  type: async (what) => {
    await (await control(what)).type(what.text);
  },
  /** The value of an expression in the page. */
  evaluate: ({ expression }) => page.evaluate(expression),
  version: () => browser.version(),
  said: () => said,
};

const answer = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
answer({ ok: true, value: "ready" });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    answer({ ok: true, value: (await commands[command.do](command)) ?? null });
  } catch (error) {
    answer({ ok: false, error: String(error?.message ?? error) });
  }
}
await browser.close();
