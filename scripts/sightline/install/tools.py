"""Shared by the installation steps: running a command, and remembering that a step is done."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..paths import STAMPS
from ..say import Trouble


def run(
    command: Sequence[str | Path],
    *,
    what: str,
    hint: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run quietly; on failure say what was tried, its last lines, and what to do."""
    words = [str(word) for word in command]
    try:
        result = subprocess.run(  # noqa: S603
            words,
            cwd=cwd,
            env=os.environ | {"NO_COLOR": "1", "FORCE_COLOR": "0"} | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise Trouble(
            f"{what} failed.", tried=" ".join(words), detail=str(error), hint=hint
        ) from None
    if result.returncode != 0:
        last = "\n".join(result.stdout.strip().splitlines()[-25:])
        raise Trouble(f"{what} failed.", tried=" ".join(words), detail=last, hint=hint)


class Stamp:
    """Remembers the inputs that a step was last done with."""

    def __init__(self, name: str, value: str, *, at: Path | None = None) -> None:
        self._file = (at or STAMPS) / name
        self._value = value

    def fresh(self) -> bool:
        try:
            return self._file.read_text() == self._value
        except OSError:
            return False

    def set(self) -> None:
        self._file.write_text(self._value)


def version_of(program: str, *arguments: str) -> tuple[int, ...]:
    """(20, 19, 0) of a program that says v20.19.0; () where it is missing."""
    if shutil.which(program) is None:
        return ()
    try:
        said = subprocess.run(  # noqa: S603
            [program, *arguments], capture_output=True, text=True, check=False, timeout=20
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    for word in said.split():
        numbers = word.lstrip("vgo").split("-")[0].split("+")[0].split(".")
        if len(numbers) > 1 and all(number.isdigit() for number in numbers):
            return tuple(int(number) for number in numbers)
    return ()
