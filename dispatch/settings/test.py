"""Settings of the tests: the real parts, quick password hashing, no connection pool."""

from .base import *  # noqa: F403
from .base import DATABASES
from .integrations import *  # noqa: F403
from .security import *  # noqa: F403

# A pool would keep connections open while the test database is dropped.
DATABASES["default"]["OPTIONS"] = {}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
