"""Structured logs on stdout: call ids, never a number, position, secret or token.

Every door (request, socket's job, task, piece of work) opens `own_context()`; whoever finds
the call there binds it (`about`), and each line until the door closes carries it.
"""

from __future__ import annotations

import logging
import logging.config
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars
from structlog.typing import EventDict, WrappedLogger

#: At DEBUG they print what passes: frames with words and positions, statements with their
#: values, tokens. So they are never let down to it, whatever LOG_LEVEL says.
TALKATIVE = (
    "aiohttp",
    "amqp",
    "celery",
    "django.db.backends",
    "kombu",
    "uvicorn.error",
    "websockets",
)

# What some library puts into a message all the same.
_SECRETS = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]+"  # a JWT
    r"|(?<=#)[A-Za-z0-9]{22}\b"  # a link's fragment
    r"|(?<=access_token=)[^&\s]+"
    r"|(?<![\w.])(?:\+|%2B)\d{7,15}\b"  # a telephone number
    r"|\b01[0-9A-Fa-f]{8}(?:E6100000)?[0-9A-Fa-f]{32}\b"  # a point, as PostGIS prints it
    r"|\bPOINT ?\([^)]*\)"
    r"|(?<=DETAIL:)[^\n]*|(?<=CONTEXT:)[^\n]*",  # PostgreSQL quotes the row there
    re.IGNORECASE,
)


@contextmanager
def own_context() -> Iterator[None]:
    """A door: its lines carry what is bound inside, and nothing of what came before or after.

    Threads of a pool keep their context from one job to the next, so each job is a door.
    """
    before = get_contextvars()
    clear_contextvars()
    try:
        yield
    finally:
        clear_contextvars()
        bind_contextvars(**before)


def about(call: object) -> None:
    """From here on, until the door closes, the lines are about this call."""
    bind_contextvars(call=str(call))


class RequestContext:
    """Middleware: each HTTP request is a door.

    It stays open after the answer, for Django then logs what failed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        clear_contextvars()
        return self.get_response(request)


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace anything shaped like a secret, a number or a position."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _SECRETS.sub("[redacted]", value)
    return event


def plain(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Keep of what libraries hand over only what is a fact, not an object that prints itself.

    Django gives the request, whose address holds what somebody typed into a search field.
    """
    for key, value in list(event.items()):
        if isinstance(value, HttpRequest):
            event[key] = f"{value.method} {value.path}"
        elif not (value is None or isinstance(value, str | int | float) or key[0] == "_"):
            event[key] = type(value).__name__
    return event


def configure(options: dict[str, Any]) -> None:
    """Install one handler for structlog and the standard library (Django's LOGGING_CONFIG)."""
    level = str(options.get("level", "INFO")).upper()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            plain,
            redact,
            structlog.processors.JSONRenderer(),
        ],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": formatter},
            "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stdout"], "level": level},
            "loggers": {
                "django.server": {"level": "WARNING"},
                # Request lines carry addresses and session ids; failures are logged by us.
                "uvicorn.access": {"level": "WARNING"},
                "httpx": {"level": "WARNING"},
                **({name: {"level": "INFO"} for name in TALKATIVE} if level == "DEBUG" else {}),
            },
        }
    )
