"""What stands behind a TLS host: who is redirected, and what browsers are told to remember."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

NAMES = (
    "SECURE_HSTS_SECONDS",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_HSTS_PRELOAD",
    "SECURE_SSL_REDIRECT",
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
)


def settings_with(**environment: str) -> dict[str, object]:
    """The settings as a fresh process reads them."""
    code = f"import json; from django.conf import settings as s; print(json.dumps([getattr(s, n) for n in {NAMES!r}]))"  # noqa: E501
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "dispatch.settings"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(NAMES, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize(
    ("environment", "hsts", "secure"),
    [
        ({"PUBLIC_ORIGIN": "https://sightline.example"}, 31_536_000, True),
        ({"PUBLIC_ORIGIN": "https://192.168.7.20:8443", "HSTS_SECONDS": "0"}, 0, True),
        ({"PUBLIC_ORIGIN": "http://localhost:8000"}, 0, False),
    ],
)
def test_what_browsers_are_told(environment: dict[str, str], hsts: int, secure: bool) -> None:
    told = settings_with(**environment)
    assert told["SECURE_HSTS_SECONDS"] == hsts
    assert told["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is (hsts > 0)
    assert told["SECURE_HSTS_PRELOAD"] is (hsts > 0)
    assert told["SECURE_SSL_REDIRECT"] is secure
    assert told["SESSION_COOKIE_SECURE"] is secure
    assert told["CSRF_COOKIE_SECURE"] is secure
