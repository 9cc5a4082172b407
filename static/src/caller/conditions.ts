/** What is not as it should be, by the names of the protocol (callers/conditions.py). */
import type { ConditionName } from "../shared/protocol";
import type { Live } from "./live";

export function conditionsOf(live: Live): ConditionName[] {
  const { on, picture } = live;
  const all: Record<ConditionName, boolean> = {
    hidden: on && live.hidden,
    camera_paused: on && live.paused,
    picture_black: on && picture === "black",
    picture_frozen: on && picture === "frozen",
    no_media: on && live.blocked,
    tcp: on && live.tcp,
    no_socket: live.socketless,
    no_webrtc: live.incapable,
  };
  return (Object.keys(all) as ConditionName[]).filter((name) => all[name]);
}
