"""What Sightline is made of: apps, middleware, templates, database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .env import development, env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DEBUG = False
#: Someone tries Sightline on this machine: demo texts, plain HTTP on loopback.
DEVELOPMENT: bool = development

INSTALLED_APPS = [
    "dispatch.feed",
    "dispatch.outbox",
    "dispatch.centres",
    "dispatch.calls",
    "callers",
    "dispatch.console",
    "dispatch.upkeep",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "django_vite",
    "dispatch",
]

MIDDLEWARE = [
    "dispatch.logging.RequestContext",
    "dispatch.metrics.CountAnswers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dispatch.centres.middleware.AdminScopeMiddleware",
]

ROOT_URLCONF = "dispatch.urls"
ASGI_APPLICATION = "dispatch.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

#: Connections that each process may hold; the feed's threads take a third (feed.threads).
DATABASE_POOL: int = env.int("DATABASE_POOL", default=24)
# ATOMIC_REQUESTS stays off: feed.unit() is the outermost transaction and durable.
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **env.db("DATABASE_URL", default="postgis://sightline@127.0.0.1:5432/sightline"),
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        # Under ASGI a persistent connection would leak one per thread; a pool is bounded.
        "CONN_MAX_AGE": 0,
        # A connection that died with its server is found out before it is used.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # A process that stands still in the middle of a unit would keep its rows locked, and
            # whoever needs them waiting, for as long as it stands. Who waits for a lock is told
            # after 4 s that it did not work, instead of being left without an answer.
            "options": "-c idle_in_transaction_session_timeout=5s -c lock_timeout=4s",
            "pool": {
                "min_size": 0,
                "max_size": DATABASE_POOL,
                # While PostgreSQL is away people get an answer, not half a minute's wait.
                "timeout": 3,
                # A pool that could not connect tries again after 1, 2, 4, 8… s, and meanwhile
                # nobody else does: half a minute's outage would last a minute. After this many
                # seconds it gives up, and whoever comes next tries at once.
                "reconnect_timeout": 1,
            },
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Warns of spatial files from strangers; we open none (positions are two numbers).
SILENCED_SYSTEM_CHECKS = ["gis.W001"]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "var" / "static"))()
BASEMAP_DIR = Path(env.str("BASEMAP_DIR", default=str(BASE_DIR / "var" / "map")))
STATICFILES_DIRS: list[Any] = [path for path in (BASE_DIR / "static" / "dist",) if path.is_dir()]
if BASEMAP_DIR.is_dir():
    STATICFILES_DIRS.append(("map", BASEMAP_DIR))
# Vite names its files by content already, so no second hash; WhiteNoise adds .br and .gz.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("pmtiles", "png", "jpg", "woff2", "gz", "br")
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/.+[.-][A-Za-z0-9_-]{8,}\.\w+$"
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": BASE_DIR / "static" / "dist" / ".vite" / "manifest.json",
    }
}

LOGGING_CONFIG = "dispatch.logging.configure"
LOGGING = {"level": env.str("LOG_LEVEL", default="INFO")}
