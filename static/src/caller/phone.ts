/** The demo phone: texts as they would arrive, kept up to date without a reload. */

interface Text {
  id: string;
  to: string;
  body_before: string;
  link: string;
  qr_svg: string;
  at: string;
  sender: string;
}

const list = document.getElementById("texts")!;
const log = document.getElementById("log")!; // what scrolls
const none = document.getElementById("none")!;
const known = new Set([...list.querySelectorAll<HTMLElement>("[data-id]")].map((li) => li.dataset.id));

function make(tag: string, className: string, content = ""): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = content;
  return element;
}

/** Inline SVG, drawn by the server; parsed as a document of its own, where nothing runs. */
function picture(svg: string): Node | null {
  const root = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
  return root && document.importNode(root, true);
}

function draw(text: Text): HTMLElement {
  const item = document.createElement("li");
  item.dataset.id = text.id;
  const head = make("p", "head");
  const time = make("time", "", clock(text.at));
  head.append(make("b", "", text.sender), make("span", "", `to ${text.to}`), time);
  const bubble = make("div", "bubble");
  const body = document.createElement("p");
  body.dir = "auto"; // as phones do: by the first letter that has a direction
  body.append(text.body_before);
  if (text.link) {
    const link = document.createElement("a");
    link.href = text.link;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.textContent = text.link;
    body.append(link);
  }
  bubble.append(body);
  item.append(head, bubble);
  const code = text.qr_svg && picture(text.qr_svg);
  if (code) {
    const details = document.createElement("details");
    for (const older of list.querySelectorAll("details")) older.open = false;
    details.open = true;
    const qr = make("div", "qr");
    qr.append(code);
    details.append(make("summary", "", "Scan it with a real phone"), qr);
    item.append(details);
  }
  return item;
}

function clock(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime())
    ? at
    : time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

async function fetchTexts(): Promise<Text[]> {
  try {
    const response = await fetch("/demo/phone/texts.json", { cache: "no-store" });
    return response.ok ? ((await response.json()) as { texts: Text[] }).texts : [];
  } catch {
    return []; // the server is being restarted: the next second asks again
  }
}

async function poll(): Promise<void> {
  // The server says the newest first; a phone shows it at the bottom.
  const fresh = (await fetchTexts()).filter((text) => !known.has(text.id)).reverse();
  for (const text of fresh) {
    list.append(draw(text));
    known.add(text.id);
  }
  none.hidden = list.childElementCount > 0;
  if (fresh.length) log.scrollTop = log.scrollHeight;
  setTimeout(() => void poll(), 1000);
}

for (const time of list.querySelectorAll("time")) time.textContent = clock(time.textContent);
log.scrollTop = log.scrollHeight;
list.addEventListener(
  "toggle",
  (event) => (event.target as Element).parentElement?.scrollIntoView({ block: "nearest" }),
  true, // "toggle" does not bubble
);
void poll();
