"""One TLS host for pages and LiveKit's signalling, and a plain page that makes phones trust it.

Caddy runs as a private process: own configuration, own directories, no administration port, and
never the system's service.
"""

from __future__ import annotations

import html
import json
import os
import shutil
import signal
import ssl
import string
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from . import authority
from .lan import Lan
from .livekit import answers
from .part import Part
from .paths import CADDY, private_dir
from .say import Trouble

PAGE = Path(__file__).with_name("trust.html")
CERTIFICATE = "sightline.crt"


def program() -> str | None:
    """Ours, where it had to be built, else the system's."""
    return str(CADDY) if CADDY.exists() else shutil.which("caddy")


class Caddy(Part):
    name = "caddy"
    title = "The TLS host"
    stop_signals = (signal.SIGINT, signal.SIGINT)  # the second does not wait for open sockets
    stop_grace = 3.0

    def __init__(
        self,
        *,
        base: Path,
        lan: Lan,
        port: int,
        trust_port: int,
        web_port: int,
        livekit_port: int,
        log_dir: Path,
    ) -> None:
        super().__init__(log_dir=log_dir)
        self.lan, self.port, self.trust_port = lan, port, trust_port
        self._web, self._livekit = f"127.0.0.1:{web_port}", f"127.0.0.1:{livekit_port}"
        self.home = base / "lan"
        #: Of the authority; there once it was prepared.
        self.authority_file = self.home / "certificates" / authority.NAME
        self.certificates: authority.Certificates | None = None

    @property
    def url(self) -> str:
        return f"https://{self.lan.address}:{self.port}"

    @property
    def trust_url(self) -> str:
        return f"http://{self.lan.address}:{self.trust_port}/"

    def prepare(self) -> None:
        private_dir(self.home)
        made = authority.certificates(self.home / "certificates", lan=self.lan)
        # Said at the end of the start; a restart by the supervisor changes nothing about it.
        fresh = made.fresh or bool(self.certificates and self.certificates.fresh)
        self.certificates = authority.Certificates(
            made.authority, made.certificate, made.key, fresh=fresh
        )
        self._write_page(made)
        (self.home / "caddy.json").write_text(json.dumps(self._settings(made), indent=1) + "\n")

    def command(self) -> list[str]:
        found = program()
        if found is None:
            raise Trouble("Caddy is not installed.", hint="apt-get install caddy")
        return [found, "run", "--config", str(self.home / "caddy.json")]

    def environment(self) -> dict[str, str]:
        own = str(private_dir(self.home / "caddy"))
        return dict(os.environ) | {"HOME": own, "XDG_DATA_HOME": own, "XDG_CONFIG_HOME": own}

    def ready(self) -> bool:
        return answers(self.trust_url) and self._speaks_tls()

    def _speaks_tls(self) -> bool:
        """Any answer will do: web starts later than this."""
        if self.certificates is None:
            return False
        context = ssl.create_default_context(cafile=str(self.certificates.authority))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            with opener.open(f"{self.url}/health/live", timeout=3):
                return True
        except urllib.error.HTTPError:
            return True
        except (urllib.error.URLError, OSError):
            return False

    def _write_page(self, made: authority.Certificates) -> None:
        """All that the plain address serves: the page and the public half of the authority."""
        www = private_dir(self.home / "www")
        (www / CERTIFICATE).write_bytes(made.der)
        words = string.Template(PAGE.read_text()).substitute(
            certificate=CERTIFICATE,
            host=html.escape(self.lan.name.removesuffix(".local") or self.lan.address),
            fingerprint=made.fingerprint,
        )
        (www / "index.html").write_text(words)

    def _settings(self, made: authority.Certificates) -> dict[str, Any]:
        hosts = (self.lan.address, "127.0.0.1")
        certificate = {"certificate": str(made.certificate), "key": str(made.key)}
        # A refused or failed request may carry a LiveKit token in its address.
        silent = {name: {"filter": "delete"} for name in ("request>uri", "request>headers")}
        front = {
            "listen": [f"{host}:{self.port}" for host in hosts],
            "protocols": ["h1", "h2"],
            "automatic_https": {"disable": True},
            # Browsers name no host in the handshake when the address is a number.
            "tls_connection_policies": [{"default_sni": self.lan.address}],
            "routes": [
                # LiveKit's webhooks come straight from this machine; nobody else has any.
                # Figures are for whoever runs this, who asks the web server itself.
                _route(["/lk/*", "/metrics"], {"handler": "static_response", "status_code": 404}),
                _route(["/rtc", "/rtc/*"], _proxy(self._livekit)),
                _route(None, _proxy(self._web)),
            ],
        }
        trust = {
            "listen": [f"{host}:{self.trust_port}" for host in hosts],
            "protocols": ["h1"],
            "automatic_https": {"disable": True},
            "routes": [
                _route([f"/{CERTIFICATE}"], *self._files("application/x-x509-ca-cert")),
                _route(["/"], *self._files("text/html; charset=utf-8")),
                _route(None, {"handler": "static_response", "status_code": 404}),
            ],
        }
        return {
            "admin": {"disabled": True, "config": {"persist": False}},
            "storage": {"module": "file_system", "root": str(self.home / "caddy")},
            "logging": {
                "logs": {
                    "default": {
                        "level": "ERROR",
                        "encoder": {
                            "format": "filter",
                            "wrap": {"format": "json"},
                            "fields": silent,
                        },
                    }
                }
            },
            "apps": {
                "tls": {"certificates": {"load_files": [certificate]}},
                "http": {"grace_period": "1s", "servers": {"front": front, "trust": trust}},
            },
        }

    def _files(self, kind: str) -> tuple[dict[str, Any], ...]:
        told = {"Content-Type": [kind], "Cache-Control": ["no-store"]}
        return (
            {"handler": "headers", "response": {"set": told}},
            {"handler": "file_server", "root": str(self.home / "www")},
        )


def _route(paths: list[str] | None, *handlers: dict[str, Any]) -> dict[str, Any]:
    match = {"match": [{"path": paths}]} if paths else {}
    return {**match, "handle": list(handlers), "terminal": True}


def _proxy(upstream: str) -> dict[str, Any]:
    """Caddy drops the X-Forwarded-* headers that come from outside, and sends true ones."""
    return {"handler": "reverse_proxy", "upstreams": [{"dial": upstream}]}
