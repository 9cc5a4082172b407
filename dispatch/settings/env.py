"""The one reader of the process environment."""

from __future__ import annotations

import environ

env = environ.Env()

#: A machine on which someone tries Sightline: demo texts, plain HTTP on loopback.
DEVELOPMENT: bool = env.bool("DEVELOPMENT", default=False)
