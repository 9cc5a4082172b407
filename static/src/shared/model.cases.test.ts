/** The reducer by a table of cases that its Python port (dispatch/tests/machine) is held to as well. */
import { describe, expect, it } from "vitest";
import { Model } from "./model";
import type { StateMessage } from "./model";
import cases from "./model.cases.json";

interface Case {
  name: string;
  messages: StateMessage[];
  state: unknown;
}

/** The state as plain data. */
function state(model: Model) {
  return {
    epoch: model.epoch,
    seq: model.seq,
    gap: model.gap,
    items: Object.fromEntries([...model.items].map(([kind, bodies]) => [kind, Object.fromEntries(bodies)])),
    latest: Object.fromEntries(model.latest),
  };
}

describe("the table of cases", () => {
  for (const { name, messages, state: wanted } of cases as unknown as Case[]) {
    it(name, () => {
      const model = new Model();
      for (const message of messages) model.apply(message);
      expect(state(model)).toEqual(wanted);
    });
  }
});
