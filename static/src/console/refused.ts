/** What did not happen: the first half of a refusal; the server's reason and next step follow. */
import type { Api } from "./api";
import type { Asked } from "./asks";

export type Action = Parameters<Api["act"]>[1];

export const NOT_DONE: Record<Action, string> = {
  resend: "The text was not sent again",
  "take-over": "The call was not taken over",
  close: "The call was not closed",
  "undo-close": "The call was not reopened",
  "revoke-link": "The link was not revoked",
};

export const NOT_ASKED: Record<Asked, string> = {
  camera: "The camera was not asked for",
  microphone: "The sound was not asked for",
  flip: "The camera was not turned",
  mute: "The caller was not muted",
};
