"""A page of our own beside the app's: to prove the instruments, and to play the intruder.

It has a policy stricter than the app's, so that nothing here works only without one.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SDK = ROOT / "static/node_modules/livekit-client/dist/livekit-client.umd.js"
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src ws://127.0.0.1:* http://127.0.0.1:*; "
    "media-src blob:; img-src blob:"
)
PAGE = b"""<!doctype html><meta charset="utf-8"><title>lab</title>
<script src="/sdk.js"></script><script src="/lab.js"></script>"""


class Lab:
    """Serves the page, LiveKit's client and `lab.js` on a free loopback port."""

    def __init__(self, sdk: Path = SDK) -> None:
        script = Path(__file__).with_name("lab.js").read_bytes()
        files = {
            "/": ("text/html", PAGE),
            "/lab.js": ("text/javascript", script),
            "/sdk.js": ("text/javascript", sdk.read_bytes() if sdk.exists() else b""),
        }

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = files.get(self.path, ("text/plain", b""))
                self.send_response(200 if self.path in files else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", POLICY)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.netloc = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.netloc}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
