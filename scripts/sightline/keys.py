"""Secrets of one installation: generated once, kept in a file only its owner can read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from .say import Trouble

MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "LINK_KEY": lambda: secrets.token_hex(32),
    "LIVEKIT_KEYS": lambda: f"key{secrets.token_hex(4)}:{secrets.token_urlsafe(36)}",
    "DATABASE_PASSWORD": lambda: secrets.token_urlsafe(24),
    "DATABASE_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(24),
    "REDIS_PASSWORD": lambda: secrets.token_urlsafe(24),
}


def load(file: Path) -> dict[str, str]:
    """Read the secrets; make those that do not exist yet."""
    values: dict[str, str] = {}
    if file.exists():
        if file.stat().st_mode & 0o077:
            raise Trouble(
                f"{file} can be read by others on this machine.", hint=f"chmod 600 {file}"
            )
        for line in file.read_text().splitlines():
            name, separator, value = line.partition("=")
            if separator and not name.startswith("#"):
                values[name.strip()] = value.strip()
    missing = {name: make() for name, make in MAKERS.items() if not values.get(name)}
    if missing:
        _write(file, values | missing)
    return values | missing


def _write(file: Path, values: dict[str, str]) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write("# Made on first use. Whoever has these can read links and enter rooms.\n")
        out.writelines(f"{name}={value}\n" for name, value in values.items())
    temporary.replace(file)
