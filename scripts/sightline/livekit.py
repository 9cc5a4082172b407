"""The LiveKit server with its own key and ports: on loopback, its media also in the network."""

from __future__ import annotations

import json
import os
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from .part import Part
from .paths import LIVEKIT
from .say import Trouble


class LiveKit(Part):
    name = "livekit"
    title = "LiveKit"
    # The first signal waits for participants to leave, the second does not.
    stop_signals = (signal.SIGTERM, signal.SIGTERM)
    stop_grace = 4.0
    essential = False  # texts, position and chat go on without video

    def __init__(
        self,
        *,
        base: Path,
        port: int,
        tcp_port: int,
        udp_port: int,
        keys: str,
        webhook: str,
        log_dir: Path,
        address: str = "",
    ) -> None:
        """`address`: of the local network, for the media of phones; without it, loopback alone."""
        super().__init__(log_dir=log_dir)
        self.address = address
        self.port = port
        self.tcp_port = tcp_port
        self.udp_port = udp_port
        self.config = base / "livekit.yaml"
        self._keys = dict(pair.split(":", 1) for pair in keys.split(",") if ":" in pair)
        self._webhook = webhook

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, Any]:
        return {
            "port": self.port,
            "bind_addresses": ["127.0.0.1"],
            "keys": self._keys,
            "rtc": {
                "use_external_ip": False,
                "tcp_port": self.tcp_port,
                "udp_port": self.udp_port,
                **self._place(),
            },
            "room": {
                "auto_create": False,
                "empty_timeout": 900,
                "departure_timeout": 600,
                "max_participants": 8,
            },
            "webhook": {"api_key": next(iter(self._keys)), "urls": [self._webhook]},
            # At "warn" it writes rejected tokens whole (1.13.5).
            "logging": {"level": "error", "json": False},
        }

    def prepare(self) -> None:
        self.config.unlink(missing_ok=True)
        descriptor = os.open(self.config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(self.settings(), out, indent=1)  # JSON is YAML
            out.write("\n")

    def _place(self) -> dict[str, Any]:
        if self.address:
            # A browser on this machine gets there as well, by its own network address.
            return {"node_ip": self.address, "ips": {"includes": [f"{self.address}/32"]}}
        return {
            "node_ip": "127.0.0.1",
            "enable_loopback_candidate": True,
            "interfaces": {"includes": ["lo"]},
        }

    def command(self) -> list[str]:
        if not LIVEKIT.exists():
            raise Trouble("The LiveKit server has not been built.", hint="run `make install`.")
        return [str(LIVEKIT), "--config", str(self.config)]

    def environment(self) -> dict[str, str]:
        # It would read LIVEKIT_KEYS by itself, in a form of its own; its file says it all.
        inherited = super().environment().items()
        return {name: value for name, value in inherited if not name.startswith("LIVEKIT_")}

    def ready(self) -> bool:
        return answers(self.api_url)


def answers(url: str, *, host: str = "") -> bool:
    """Whether a GET is answered with 200. Never through a proxy: it is this machine."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=3) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False
