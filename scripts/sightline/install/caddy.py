"""Caddy, the TLS host of `make run-lan`: the system's, else built at a pinned version."""

from __future__ import annotations

from .. import caddy
from ..paths import CADDY, CADDY_VERSION
from . import go

SOURCE = f"github.com/caddyserver/caddy/v2/cmd/caddy@v{CADDY_VERSION}"


def install() -> None:
    if caddy.program() is None:
        go.build(SOURCE, program="caddy", into=CADDY, title=f"Caddy {CADDY_VERSION}")
