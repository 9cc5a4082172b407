"""Settings, read from the environment: base, security, integrations. See .env.example."""

from .admin import *
from .base import *
from .integrations import *
from .security import *
