"""Reads a Dockerfile into stages and steps: as much of the format as ours uses, and no more."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field

WORDS = {"WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "CMD"}
FLAG = re.compile(r"--([a-z]+)=(\S+)\s+")


@dataclass
class Step:
    """One instruction: its word, its flags, and the rest as it stands."""

    word: str
    text: str
    flags: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """The arguments, of the shell form or of the JSON form."""
        return list(json.loads(self.text)) if self.text.startswith("[") else shlex.split(self.text)


@dataclass
class Stage:
    base: str
    name: str
    steps: list[Step] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """What its ENV instructions set, unexpanded."""
        pairs = [word for step in self.steps if step.word == "ENV" for word in step.words]
        return dict(pair.split("=", 1) for pair in pairs)


def parse(text: str) -> list[Stage]:
    """Raises ValueError for anything that this reader does not know."""
    stages: list[Stage] = []
    for line in _logical_lines(text):
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word == "FROM":
            match = re.fullmatch(r"(\S+) AS (\S+)", rest)
            if not match:
                raise ValueError(f"a stage without a name: {line}")
            stages.append(Stage(base=match[1], name=match[2]))
        elif word in WORDS and stages:
            step = Step(word, rest)
            while match := FLAG.match(step.text):
                step.flags[match[1]] = match[2]
                step.text = step.text[match.end() :]
            stages[-1].steps.append(step)
        else:
            raise ValueError(f"not known here: {line}")
    return stages


def _logical_lines(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [line.strip() for line in joined.splitlines() if line.strip()]
