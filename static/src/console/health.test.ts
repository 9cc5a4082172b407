import { describe, expect, it } from "vitest";
import type { PartName } from "../shared/protocol";
import { health } from "./health";

const line = (...failing: PartName[]) => {
  const found = health(new Set(failing));
  return found && `${found.title}. ${found.detail}`;
};

describe("the line about the parts", () => {
  it("is none while all works, or where nothing is known of it", () => {
    expect(line()).toBeNull();
    expect(line("migrations")).toBeNull(); // such a server is not shown to anybody
  });

  it("says for each part what to do and what still works", () => {
    expect(line("db")).toBe("The server cannot reach its database. Picture and sound go on. No link can be sent.");
    expect(line("media")).toBe("Video is down. Ask the caller what they see. Texts, positions and messages work.");
    expect(line("texts")).toBe("Texts are refused. Tell your administrator. Video, positions and messages work.");
    expect(line("worker")).toBe("Texts are late. They go out later by themselves. Video, positions and messages work.");
    expect(line("redis")).toBe("Updates may come 2 s late. Unwatched cameras raise no alarm. All else works.");
    expect(line("tasks")).toBe("Texts may come 2 s late. Unwatched cameras raise no alarm. All else works.");
    expect(line("beat")).toBe("Unwatched cameras raise no alarm. Keep live calls in sight. All else works.");
  });

  it("names the worst first, and promises nothing that another one takes", () => {
    expect(line("redis", "worker", "media")).toBe(
      "Video is down · Texts are late · Updates may come 2 s late. Ask the caller what they see. Positions and messages work.",
    );
    expect(line("media", "db")).toBe(line("db"));
  });

  it("is worse in tone where people miss something", () => {
    expect(health(new Set<PartName>(["redis"]))?.tone).toBe("wait");
    expect(health(new Set<PartName>(["redis", "texts"]))?.tone).toBe("bad");
  });
});
