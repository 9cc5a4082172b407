"""Settings, read from the environment: base, security, integrations. See .env.example."""

from .base import *  # noqa: F403
from .integrations import *  # noqa: F403
from .security import *  # noqa: F403
