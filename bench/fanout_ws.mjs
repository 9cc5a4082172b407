// The floor: `ws`, its own broadcast example, and one Redis subscription.
//   node bench/fanout_ws.mjs <host> <port> <password> <channel>        serves, and says its port
import { createRequire } from "node:module";
import net from "node:net";

const require = createRequire(new URL("../static/package.json", import.meta.url));
const { WebSocketServer } = require("ws");
const [host, port, password, channel] = process.argv.slice(2);

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("listening", () => {
  const redis = net.connect(Number(port), host);
  let rest = Buffer.alloc(0);
  redis.on("data", (data) => {
    rest = rest.length ? Buffer.concat([rest, data]) : data;
    for (let found; (found = message(rest)); rest = rest.subarray(found.end)) {
      if (found.parts[0]?.toString() === "subscribe") console.log(server.address().port);
      if (found.parts[0]?.toString() === "message") broadcast(found.parts[2]);
    }
  });
  redis.write(`AUTH ${password}\r\nSUBSCRIBE ${channel}\r\n`);
});

function broadcast(data) {
  for (const client of server.clients) client.send(data, { binary: false });
}

/** One answer of Redis (RESP 2), if it is whole. */
function message(buffer) {
  const line = (at) => {
    const end = buffer.indexOf("\r\n", at);
    return end < 0 ? null : { text: buffer.toString("latin1", at, end), next: end + 2 };
  };
  const first = line(0);
  if (!first) return null;
  if (first.text[0] !== "*") return { parts: [], end: first.next };
  const parts = [];
  let at = first.next;
  for (let left = Number(first.text.slice(1)); left > 0; left--) {
    const head = line(at);
    if (!head) return null;
    at = head.next;
    if (head.text[0] !== "$") continue; // a number
    const length = Number(head.text.slice(1));
    if (buffer.length < at + length + 2) return null;
    parts.push(buffer.subarray(at, at + length));
    at += length + 2;
  }
  return { parts, end: at };
}
