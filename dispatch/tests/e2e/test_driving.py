"""docs/driving.md is true: its shell blocks, run in order, do the whole main job."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from dispatch.tests.e2e.lab import ROOT
from dispatch.tests.e2e.scene import Scene

BLOCKS = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_main_job_by_curl_as_documented(scene: Scene) -> None:
    script = "\n".join(BLOCKS.findall((ROOT / "docs/driving.md").read_text()))
    number = scene.new_number()
    email, password = scene.town.account("dispatcher")
    told = {"ORIGIN": scene.origin, "EMAIL": email, "PASSWORD": password, "NUMBER": number}
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=os.environ | told,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = result.stdout.replace(password, "…") + result.stderr
    assert result.returncode == 0, f"the script stopped after:\n{said}"
    scene.text_for(number)  # for the search for secrets
    for expected in (
        "text queued",
        number,
        "41.2689",
        "12",
        "We are on our way.",
        "<svg",
        "closed",
    ):
        assert expected in result.stdout, f"{expected!r} is missing from:\n{said}"
    assert "[1, 2, 3]" in result.stdout, said  # all items taken
    assert "call_closed" in result.stdout, said
