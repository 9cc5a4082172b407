"""QR codes for a terminal: `python -m scripts.sightline.codes URL…` (needs segno, so the venv)."""

from __future__ import annotations

import sys

import segno

BORDER = 2
# Black on white whatever the terminal's own colours are: cameras want it that way round.
ON, OFF = "\033[30;107m", "\033[0m"
HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def lines(url: str) -> list[str]:
    """The code, two rows of modules to a line of text."""
    bits = [
        [int(bit) for bit in row]
        for row in segno.make(url, error="l", micro=False).matrix_iter(border=BORDER)
    ]
    if len(bits) % 2:
        bits.append([0] * len(bits[0]))
    pairs = zip(bits[::2], bits[1::2], strict=True)
    return [ON + "".join(HALVES[both] for both in zip(*pair, strict=True)) + OFF for pair in pairs]


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    for address in sys.argv[1:]:
        print("\n".join(f"  {line}" for line in lines(address)))
