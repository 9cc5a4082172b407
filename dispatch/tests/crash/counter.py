"""The provider's side: an HTTP server that counts what it accepts, by our reference."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Counter:
    """Lives in the process of the test, so that it survives every kill."""

    def __init__(self) -> None:
        #: reference → times (seconds since the epoch) at which it was accepted.
        self.accepted: dict[str, list[float]] = defaultdict(list)
        #: Every so many texts the answer to an accepted one is lost; 0 for never.
        self.lose_answer_every = 0
        self._count = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer._take(json.loads(body)["reference"]):
                    self.close_connection = True
                    return
                answer = json.dumps({"id": f"counted-{secrets.token_hex(8)}"}).encode()
                self.send_response(201)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/texts"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def times(self, reference: str) -> list[float]:
        with self._lock:
            return list(self.accepted.get(reference, ()))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _take(self, reference: str) -> bool:
        """Count it; True when the answer shall be lost."""
        with self._lock:
            self.accepted[reference].append(time.time())
            self._count += 1
            return bool(self.lose_answer_every and self._count % self.lose_answer_every == 0)
