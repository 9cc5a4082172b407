"""Firefox as a caller's phone: driven over WebDriver BiDi, and kept to this machine."""

from __future__ import annotations

import json
import os
import queue
import shutil
import socketserver
import subprocess
import threading
from pathlib import Path
from typing import Any

from dispatch.tests.e2e.lab import ROOT
from dispatch.tests.e2e.sight import PROBE
from scripts.sightline.install import node

DRIVER = Path(__file__).with_name("firefox.mjs")
PATIENCE = 40.0  # seconds; the driver gives up by itself long before
# A picture and a tone of its own instead of devices, allowed without asking; candidates on
# loopback with their addresses. The rest keeps it from asking anybody for anything: what gets
# past these is caught by the proxy below.
PREFERENCES: dict[str, object] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-provider.enabled": False,
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.newtabpage.enabled": False,
    "browser.region.update.enabled": False,
    "browser.safebrowsing.blockedURIs.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.topsites.contile.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.usage.uploadEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "geo.provider.network.url": "",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "network.trr.mode": 5,
    "nimbus.rollouts.enabled": False,
    "security.OCSP.enabled": 0,
    "security.remote_settings.crlite_filters.enabled": False,
    "security.remote_settings.intermediates.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "signon.rustMirror.enabled": False,
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.unified": False,
}
# Without the second, a release build asks Mozilla's settings server whatever its preference says.
ENVIRONMENT = {"MOZ_CRASHREPORTER_DISABLE": "1", "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"}


class Gate:
    """An HTTP proxy that lets nothing through and remembers who was asked for."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Refuse(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked.append(self.rfile.readline(2048).decode("latin-1").strip())
                self.wfile.write(b"HTTP/1.1 502 Nobody\r\nContent-Length: 0\r\n\r\n")

        self.asked = asked
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuse)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def preferences(self) -> dict[str, object]:
        return {
            "network.proxy.type": 1,
            "network.proxy.http": "127.0.0.1",
            "network.proxy.http_port": self.port,
            "network.proxy.ssl": "127.0.0.1",
            "network.proxy.ssl_port": self.port,
            "network.proxy.no_proxies_on": "localhost, 127.0.0.1",
            "network.proxy.failover_direct": False,
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Firefox:
    """One browser, one page. Controls are found by role and accessible name, as in pages.py."""

    def __init__(self, *, origin: str, place: tuple[float, float], files: Path) -> None:
        executable = shutil.which("firefox-esr") or shutil.which("firefox")
        assert executable, "Firefox is missing: `make test` installs it (apt install firefox-esr)"
        self.gate = Gate()
        profile = files / "firefox"
        profile.mkdir(parents=True)
        settings = {
            "executable": executable,
            "profile": str(profile),
            "prefs": PREFERENCES | self.gate.preferences(),
            "args": ["--no-remote"],
            "probe": PROBE.read_text(),
            "place": {"latitude": place[0], "longitude": place[1], "accuracy": 12},
            "origin": origin,
        }
        self._errors = (files / "firefox.log").open("w+")
        self._process = subprocess.Popen(
            ["node", str(DRIVER), json.dumps(settings)],
            cwd=ROOT,
            env=os.environ | node.environment() | ENVIRONMENT | {"HOME": str(files)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._answer("start")
        except BaseException:
            self.close()
            raise

    def open(self, url: str) -> None:
        self._ask("open", url=url)

    def reload(self) -> None:
        self._ask("reload")

    def see(self, role: str, name: str) -> None:
        self._ask("see", role=role, name=name)

    def click(self, role: str, name: str) -> float:
        """When the page felt it: wall clock, ms."""
        self.evaluate(
            "void addEventListener('click', (tap) => {"
            " window.__clicked = performance.timeOrigin + tap.timeStamp"
            "}, {capture: true, once: true})"
        )
        self._ask("click", role=role, name=name)
        return float(self.evaluate("window.__clicked"))

    def write(self, role: str, name: str, text: str) -> None:
        self._ask("type", role=role, name=name, text=text)

    def evaluate(self, expression: str) -> Any:
        return self._ask("evaluate", expression=expression)

    @property
    def version(self) -> str:
        return str(self._ask("version"))

    @property
    def said(self) -> list[str]:
        return [str(line) for line in self._ask("said")]

    def close(self) -> None:
        """Ends the driver, which ends Firefox."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(10)
        finally:
            self._process.kill()
            self._errors.close()
            self.gate.close()

    def _ask(self, what: str, **details: object) -> Any:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": what} | details) + "\n")
        self._process.stdin.flush()
        return self._answer(what)

    def _answer(self, to: str) -> Any:
        try:
            answer = json.loads(self._answers.get(timeout=PATIENCE))
        except (queue.Empty, ValueError):
            self._errors.seek(0)
            raise AssertionError(
                f"Firefox: no answer to {to}: {self._errors.read()[-800:]}"
            ) from None
        assert answer["ok"], f"Firefox: {to}: {answer['error']}"
        return answer["value"]

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")  # it has ended: whoever waits need not
