"""Settings as in production, with a text provider that counts, and with places to be killed at."""

from __future__ import annotations

from dispatch.settings import *
from dispatch.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "dispatch.tests.crash.apps.CrashConfig"]
SMS_PROVIDER = "counted"
