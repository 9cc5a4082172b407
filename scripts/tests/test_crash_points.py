"""The short form of `bench.chaos.crash_points`: every boundary once, and a few random kills."""

from __future__ import annotations

import re
import subprocess

from scripts.sightline.paths import PYTHON, ROOT

KILLS = 5


def test_nothing_is_lost_or_doubled_by_kills() -> None:
    done = subprocess.run(
        [
            *(str(PYTHON), "-m", "bench.chaos.crash_points"),
            *("--short", "--kills", str(KILLS), "--seed", "5"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "20 passed, 0 failed" in done.stdout, said
    figures = dict(re.findall(r"(\w+) ([\d.]+)", done.stdout.split("random kills")[1]))
    assert float(figures["acknowledged"]) > 0, said
    assert float(figures["worst_delay_s"]) < 60, said
