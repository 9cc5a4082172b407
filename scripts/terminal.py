"""A program on a terminal of its own, as a person would run it: what it says, and Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import signal
import threading
import time
from collections.abc import Mapping, Sequence

from scripts.sightline.say import Trouble

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str]) -> None:
        self._began = time.monotonic()
        self._pieces: list[tuple[float, str]] = []
        self._status: int | None = None
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), dict(environment))  # noqa: S606
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        joined = "".join(piece for _, piece in list(self._pieces))
        return COLOURS.sub("", joined.replace("\r\n", "\n"))

    @property
    def lines(self) -> list[str]:
        """Each line with the seconds at which it was whole."""
        found: list[str] = []
        rest = ""
        for at, piece in list(self._pieces):
            *whole, rest = (rest + piece.replace("\r", "")).split("\n")
            found += [f"{at:6.0f}  {COLOURS.sub('', line)}" for line in whole]
        return found

    @property
    def alive(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is None

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return None if self.alive else os.waitstatus_to_exitcode(self._status or 0)

    def until(self, words: str, seconds: float) -> None:
        """Wait for these words. Raises Trouble with the last lines."""
        deadline = time.monotonic() + seconds
        while words not in self.text:
            ended = not self.alive
            if ended:
                self._reader.join(5)
                if words in self.text:
                    return
            if ended or time.monotonic() > deadline:
                how = "it ended" if ended else f"{seconds:.0f} s passed"
                last = "\n".join(self.text.strip().splitlines()[-25:])
                raise Trouble(f"“{words}” was not said; {how}.", detail=last)
            time.sleep(0.05)

    def wait(self, seconds: float, *, code: int | None = None) -> None:
        """Wait for its end, with this exit code if one is given. Raises Trouble."""
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > deadline:
                raise Trouble(f"The program did not end within {seconds:.0f} s.")
            time.sleep(0.05)
        self._reader.join(5)
        if code is not None and self.code != code:
            last = "\n".join(self.text.strip().splitlines()[-25:])
            raise Trouble(f"The program ended with {self.code}, not {code}.", detail=last)

    def write(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    def end(self) -> None:
        """As a closed window would, then for good."""
        for number in (signal.SIGHUP, signal.SIGKILL):
            if not self.alive:
                return
            try:
                os.killpg(self.pid, number)
                self.wait(15)
            except (Trouble, ProcessLookupError):
                continue

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._descriptor, 65536)
            except OSError:
                return  # the terminal went with its last process
            if not data:
                return
            self._pieces.append((time.monotonic() - self._began, data.decode(errors="replace")))
