"""Debian packages: PostgreSQL + PostGIS, Redis, GDAL for GeoDjango; Caddy for the network;
browsers for tests."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from .. import caddy, postgres
from ..say import Trouble, say, timed
from .tools import run

SCRIPT = Path(__file__).with_name("apt.sh")
LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib")


def install(*, tests: bool, lan: bool) -> None:
    names = missing(tests=tests, lan=lan)
    if not names:
        return
    command = ["sh", str(SCRIPT), *names]
    by_hand = f"apt-get install --no-install-recommends {' '.join(names)}"
    if shutil.which("apt-get") is None:
        raise Trouble(
            f"Missing: {', '.join(names)}; and this machine has no apt-get.",
            hint="install what these Debian packages contain, then run the command again.",
        )
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            raise Trouble(
                f"Missing packages: {', '.join(names)}; installing them takes root.",
                hint=f"as root: {by_hand}",
            )
        say(f"Missing packages: {', '.join(names)}. sudo may ask for your password.")
        run(["sudo", "-v"], what="sudo", hint=f"as root: {by_hand}")
        command = ["sudo", *command]
    with timed(f"Installing {', '.join(names)}"):
        run(command, what="Installing packages", hint=f"see the lines above; by hand: {by_hand}")
    left = missing(tests=tests, lan=lan)
    if left:
        raise Trouble(
            f"Still missing after the installation: {', '.join(left)}.",
            tried=" ".join(command),
            hint="install them by hand, then run the command again.",
        )


def missing(*, tests: bool, lan: bool) -> list[str]:
    """Judged by what is there, not by the package list: a hand-built Redis is as good."""
    names: list[str] = []
    if not postgres.versions():
        names += _postgres_packages()
    if shutil.which("redis-server") is None:
        names.append("redis-server")
    if not (_library("libgdal.so*") and _library("libgeos_c.so*") and _library("libproj.so*")):
        names.append("gdal-bin")
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        names.append(_venv_package())
    if lan:
        if not caddy.program() and _in_lists("caddy"):
            names.append("caddy")  # else it is built, see install/caddy.py
        if shutil.which("openssl") is None:
            names.append("openssl")
    if tests:
        if shutil.which("certutil") is None:
            names.append("libnss3-tools")  # tells Chromium to trust the tests' authority
        if not chromium():
            # The shell draws no windows; the full browser is needed where it has to ask.
            names += ["chromium", "chromium-headless-shell"]
        if not firefox():
            names.append("firefox-esr")
        if not (shutil.which("cc") or shutil.which("gcc")):
            names += ["gcc", "libc6-dev"]  # parts with wrong clocks, in `make chaos`
        if shutil.which("curl") is None:
            names.append("curl")  # the examples in docs/driving.md are run as they stand
        if os.geteuid() == 0 and shutil.which("nft") is None:
            names.append("nftables")  # blocks single ports of the tests' own media server
        if shutil.which("fc-match") is None or not _fonts():
            names += ["fontconfig", "fonts-dejavu-core"]
    return names


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def firefox() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


def _postgres_packages() -> list[str]:
    """PostGIS for the server that is there, or both."""
    for server in postgres.INSTALLED.glob("*/bin/postgres"):
        return [f"postgresql-{server.parent.parent.name}-postgis-3"]
    return ["postgresql", "postgresql-postgis"]


def _venv_package() -> str:
    # Debian splits these modules off its own Python; a Python built by hand has them.
    if sys.executable.startswith("/usr/bin/"):
        return f"python3.{sys.version_info.minor}-venv"
    return "python3-venv"


def _in_lists(package: str) -> bool:
    """Whether apt has it; it is given the benefit of the doubt while it has no lists at all."""
    tool = shutil.which("apt-cache")
    if tool is None:
        return False

    def known(name: str) -> bool:
        command = [tool, "show", "--no-all-versions", name]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603

    return known(package) or not known("redis-server")


def _library(pattern: str) -> bool:
    return any(
        _first(Path(place).glob(pattern)) or _first(Path(place).glob(f"*-linux-gnu*/{pattern}"))
        for place in LIBRARIES
    )


def _fonts() -> bool:
    return _first(Path("/usr/share/fonts").glob("**/*.ttf"))


def _first(paths: Iterable[Path]) -> bool:
    return next(iter(paths), None) is not None
