"""The bare pages' server, and the line over which a bare pair of peer connections finds itself."""

from __future__ import annotations

import gzip
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from scripts.sightline.paths import ROOT

PAGES = Path(__file__).with_name("pages")
SDK = ROOT / "static/node_modules/livekit-client/dist/livekit-client.umd.js"


class Pages:
    """`/livekit` and `/pair`, compressed as the app's own pages are."""

    def __init__(self) -> None:
        html = (PAGES / "bare.html").read_bytes()
        with_sdk = html.replace(b"<!-- head -->", b'<script src="/livekit-client.js"></script>')
        files = {
            "/livekit": ("text/html", with_sdk),
            "/pair": ("text/html", html),
            "/bare.js": ("text/javascript", (PAGES / "bare.js").read_bytes()),
            "/livekit-client.js": ("text/javascript", SDK.read_bytes()),
        }
        packed = {
            path: (kind, brotli.compress(body), gzip.compress(body))
            for path, (kind, body) in files.items()
        }

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path not in packed:
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                kind, small, larger = packed[self.path]
                by_brotli = "br" in self.headers.get("Accept-Encoding", "")
                body = small if by_brotli else larger
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Encoding", "br" if by_brotli else "gzip")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, page: str) -> str:
        return f"http://localhost:{self.port}/{page}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Line:
    """Two sockets on the same path hear each other; the path is the name of the call."""

    def __init__(self) -> None:
        self._present: dict[str, set[ServerConnection]] = {}
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(listening.getsockname()[1])
        self._server: Server = serve(self._accept, sock=listening)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, call: str) -> str:
        return f"ws://127.0.0.1:{self.port}/{call}"

    def close(self) -> None:
        self._server.shutdown()

    def _accept(self, end: ServerConnection) -> None:
        assert end.request
        present = self._present.setdefault(end.request.path, set())
        present.add(end)
        try:
            for message in end:
                for other in present - {end}:
                    other.send(message)
        except ConnectionClosed:
            pass  # the page has gone
        finally:
            present.discard(end)
