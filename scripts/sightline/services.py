"""Start private services in a directory, print their environment, and stay until Ctrl-C.

    python3 -m scripts.sightline.services --dir /tmp/x [--parts postgres,redis,livekit]

The lines on standard output can be sourced by a shell: `source <(…)`, or into a file.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import threading
from pathlib import Path

from .say import Trouble, complain, say
from .stack import Stack


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True, help="where data and logs go")
    parser.add_argument("--parts", default="postgres,redis", help="which parts to start")
    parser.add_argument("--keep", action="store_true", help="keep the data for the next time")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        stack = Stack(options.dir, parts=options.parts.split(","), temporary=not options.keep)
        with stack:
            for name, value in stack.env.items():
                say(f"export {name}={shlex.quote(value)}")
            say("# ready; Ctrl-C stops it")
            stop.wait()
    except Trouble as trouble:
        complain(str(trouble))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
