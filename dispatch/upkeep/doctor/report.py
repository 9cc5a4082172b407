"""What doctor prints: a line a part for people, one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dispatch.upkeep.doctor.result import Result, State, any_failed

MARKS = {State.OK: "✓", State.WARNING: "!", State.FAILED: "✗", State.NOT_CHECKED: "–"}  # noqa: RUF001
PLAIN = str.maketrans({"✓": "+", "✗": "x", "–": "-", "→": ">", "“": '"', "”": '"', "…": "..."})  # noqa: RUF001


def as_text(results: Sequence[Result], *, seconds: float, encoding: str = "utf-8") -> str:
    """One line a part, aligned; what to do is below the parts that need it."""
    width = max((len(result.part) for result in results), default=0)
    lines = []
    for result in results:
        took = "" if result.state is State.NOT_CHECKED else f"{result.ms} ms"
        head = f"{MARKS[result.state]} {result.state:<11}  {result.part:<{width}}  {took:>8}  "
        lines.append(head + result.what)
        if result.todo and result.state is not State.OK:
            lines.append(" " * len(head) + f"→ {result.todo}")
    text = "\n".join([*lines, "", _summary(results, seconds)])
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        # A terminal of another time: the words carry it all.
        return text.translate(PLAIN).encode("ascii", "replace").decode()
    return text


def as_json(results: Sequence[Result], *, seconds: float) -> str:
    """`{ok, seconds, parts: [{part, state, ms, what, todo, facts}]}`."""
    body = {
        "ok": not any_failed(results),
        "seconds": round(seconds, 2),
        "parts": [result.as_body() for result in results],
    }
    return json.dumps(body, indent=1, ensure_ascii=False)


def _summary(results: Sequence[Result], seconds: float) -> str:
    def named(state: State) -> list[str]:
        return [result.part for result in results if result.state is state]

    said = []
    if names := named(State.FAILED):
        said.append(f"Does not work: {', '.join(names)}.")
    else:
        said.append("All that was checked works.")
    if names := named(State.WARNING):
        said.append(f"Worth a look: {', '.join(names)}.")
    if names := named(State.NOT_CHECKED):
        said.append(f"Not checked: {', '.join(names)}.")
    return " ".join([*said, f"({seconds:.1f} s)"])
