/** What a page needs after its first moment: loaded beside the media code. */
export { findTrouble } from "./trouble";
