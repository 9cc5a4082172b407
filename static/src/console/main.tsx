/** Entry of the console, and of the map on a closed call's page. */
import "../shared/tokens.css";
import "../staff/base.css";
import "./layout.css";
import "./top.css";
import "./board.css";
import "./head.css";
import "./stage.css";
import "./panels.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./app";
import { Desk } from "./desk";
import { keepFocus } from "./focus";
import type { Boot } from "./types";

const root = document.getElementById("console");
const boot = document.getElementById("boot")?.textContent;

if (root && boot) {
  const desk = new Desk(JSON.parse(boot) as Boot);
  effect(() => void (root.dataset.state = desk.status.value.status));
  desk.start();
  render(<App desk={desk} />, root);
  keepFocus(root);
}

const past = document.getElementById("track");
if (past) {
  void import("./past").then(({ drawPast }) => drawPast(past));
}
