"""How far another clock is ahead of ours, told by an answer that took a while."""

from __future__ import annotations


def offset(theirs: float, *, asked: float, answered: float, grain_s: float = 0.0) -> float:
    """Seconds that `theirs` is surely ahead (or behind, below 0); all in seconds since the epoch.

    It was read somewhere between asking and the answer, up to `grain_s` after it was right.
    What fits in there is no offset: a slow answer must not make a clock look wrong.
    """
    if theirs > answered:
        return theirs - answered
    return min(0.0, theirs + grain_s - asked)
