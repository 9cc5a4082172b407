"""Settings of the tests: the real parts, quick password hashing, no connection pool."""

from .admin import *
from .base import *
from .base import DATABASES
from .integrations import *
from .security import *

# A pool would keep connections open while the test database is dropped.
DATABASES["default"]["OPTIONS"] = {}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
