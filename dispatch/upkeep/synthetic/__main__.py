"""The process of one test call: an order in JSON comes in, an outcome in JSON goes out."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict

from dispatch.upkeep.synthetic.caller import Order
from dispatch.upkeep.synthetic.journey import make


def main() -> None:
    order = Order(**json.load(sys.stdin))
    outcome = asyncio.run(make(order))
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
    sys.stdout.flush()
    # The library's own threads may still be at it; there is nothing more to wait for.
    os._exit(0)


if __name__ == "__main__":
    main()
