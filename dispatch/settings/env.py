"""The one reader of the process environment."""

from __future__ import annotations

import environ

env = environ.Env()

development: bool = env.bool("DEVELOPMENT", default=False)
