"""Structured logs on stdout: call ids, never a number, position, secret or token."""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

# A JWT, or a link's fragment, that some library puts into a message all the same.
_SECRETS = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]+|(?<=#)[A-Za-z0-9]{22}\b|(?<=access_token=)[^&\s]+"
)


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace anything shaped like a token or link secret."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _SECRETS.sub("[redacted]", value)
    return event


def configure(options: dict[str, Any]) -> None:
    """Install one handler for structlog and the standard library (Django's LOGGING_CONFIG)."""
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
            "root": {"handlers": ["stdout"], "level": options.get("level", "INFO")},
            "loggers": {
                "django.server": {"level": "WARNING"},
                # Request lines carry addresses and session ids; failures are logged by us.
                "uvicorn.access": {"level": "WARNING"},
                "httpx": {"level": "WARNING"},
            },
        }
    )
