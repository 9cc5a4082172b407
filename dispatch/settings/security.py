"""Who gets in, and how the browser is told to behave."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from .env import env

SECRET_KEY = env.str("SECRET_KEY")
#: Key of the caller links (callers.links): HMAC-SHA-256, at least 32 bytes as hex digits.
LINK_KEY = env.str("LINK_KEY")
if len(LINK_KEY) < 64:
    raise ImproperlyConfigured("LINK_KEY must hold at least 32 random bytes as 64 hex digits.")

#: Where people reach this installation; links in texts are built from it.
PUBLIC_ORIGIN = env.str("PUBLIC_ORIGIN", default="http://localhost:8000").rstrip("/")
_public = urlsplit(PUBLIC_ORIGIN)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[_public.hostname or "localhost"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN]

_secure = _public.scheme == "https"
SESSION_COOKIE_SECURE = _secure
CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600  # one long shift
SECURE_SSL_REDIRECT = _secure
# Asked on loopback by the media server and by whoever watches over this process, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^lk/webhook$", r"^health/", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
#: 0 where the certificate is of one's own making: browsers that remember to insist on HTTPS
#: would be locked out of the address for as long as they remember.
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if _secure else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_SECONDS > 0
SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
# uvicorn has put the address that the TLS proxy saw into REMOTE_ADDR, from proxies it trusts
# (--forwarded-allow-ips); nothing after it reads X-Forwarded-For again.
ALLAUTH_TRUSTED_PROXY_COUNT = 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A chat message is capped far below this; the rest of the system takes small JSON only.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

AUTH_USER_MODEL = "centres.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/console/"
LOGOUT_REDIRECT_URL = "/account/login/"
ACCOUNT_ADAPTER = "dispatch.centres.adapter.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# Back-off by account first; the allowance per address is wide, for a whole centre
# (and a whole mobile network) can sit behind one.
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "100/m/ip,5/5m/key"}
ACCOUNT_SESSION_REMEMBER = True
