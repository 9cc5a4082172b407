"""The virtual environment, from hash-pinned requirements."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from ..paths import PYTHON, REQUIREMENTS, ROOT, VENV, digest
from ..say import timed
from .tools import Stamp, run

NETWORK = "see whether this machine reaches its Python package index, then try again."
RUN = ROOT / "requirements.txt"
TEST = ROOT / "requirements-dev.txt"


def install(*, tests: bool) -> None:
    _venv()
    require(RUN, name="requirements")
    if tests:
        require(TEST, name="requirements-dev")


def require(file: Path, *, name: str) -> None:
    """Make the environment contain what the file pins."""
    stamp = Stamp(f".{name}", digest(file, sys.version), at=VENV)
    if stamp.fresh():
        return
    with timed(f"Installing Python packages ({file.name})"):
        run(
            [PYTHON, "-m", "pip", "install", "--require-hashes", "--no-input", "-r", file],
            what=f"Installing Python packages from {file.name}",
            hint=NETWORK,
        )
    stamp.set()


def into(directory: Path, file: Path) -> None:
    """Unpack a tool's package into a directory of its own, not into the environment."""
    shutil.rmtree(directory, ignore_errors=True)
    run(
        [
            *(PYTHON, "-m", "pip", "install", "--require-hashes", "--no-input"),
            *("--target", directory, "-r", file),
        ],
        what=f"Installing {file.stem} from its Python package",
        hint=NETWORK,
    )


def _venv() -> None:
    if _works():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    with timed("Making the virtual environment"):
        run(
            [sys.executable, "-m", "venv", VENV],
            what="Making the virtual environment",
            hint="install Python's venv module (Debian: python3-venv), then try again.",
        )


def _works() -> bool:
    """An environment breaks when the Python under it goes away."""
    if not PYTHON.exists():
        return False
    probe = [str(PYTHON), "-I", "-S", "-c", "import sys; print(sys.version)"]
    try:
        said = subprocess.run(probe, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return False
    return said.returncode == 0 and said.stdout.strip() == sys.version.strip()


TOOL_FILES = {name: REQUIREMENTS / f"{name}.txt" for name in ("node", "go", "basemap", "lock")}
