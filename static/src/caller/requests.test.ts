import { beforeEach, describe, expect, it } from "vitest";
import type { CallerRequest } from "../shared/protocol";
import type { Live } from "./live";
import { Requests } from "./requests";

const settled = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};

describe("Requests", () => {
  let open: CallerRequest[];
  let said: string[];
  let finish: ((done: boolean) => void)[];
  let requests: Requests;

  beforeEach(() => {
    open = [];
    said = [];
    finish = [];
    const phone = () => new Promise<boolean>((resolve) => finish.push(resolve));
    const live = { on: true, hearsMe: false, camera: {}, flip: phone, toggleMicrophone: phone };
    requests = new Requests(live as unknown as Live, {
      open: () => open,
      ours: () => true,
      state: () => "live",
      answer: (id, outcome) => said.push(`${id} ${outcome}`),
      tap: () => undefined,
      stop: () => undefined,
    });
  });

  const ask = (what: CallerRequest["what"]) => open.push({ id: what, what, at: "2026-01-01T00:00:00Z" });

  it("takes a second tap for none while the camera turns", async () => {
    ask("flip");
    requests.grant();
    requests.grant();
    expect(finish).toHaveLength(1);
    finish[0]!(true);
    await settled();
    expect(said).toEqual(["flip done"]);
  });

  it("says done of the microphone only when the phone gave it", async () => {
    ask("microphone");
    requests.grant();
    await settled();
    expect(said).toEqual([]);
    finish[0]!(false);
    await settled();
    expect(said).toEqual(["microphone failed"]);
  });

  it("can be put away where the phone never answers, and says one thing only", async () => {
    ask("microphone");
    requests.grant();
    requests.decline();
    expect(requests.wish).toBeNull();
    finish[0]!(true);
    await settled();
    expect(said).toEqual(["microphone declined"]);
  });
});
