/** What the page's first moment, and its button, do not need: loaded at once beside them. */
export { Line } from "./line";
export { findTrouble } from "./trouble";
