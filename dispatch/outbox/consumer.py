"""Celery's consumer, coming back to a broker that was away within two seconds instead of thirty."""

from __future__ import annotations

from typing import Any

import structlog
from celery.worker.consumer import Consumer as _Consumer
from celery.worker.state import maybe_shutdown

log = structlog.get_logger(__name__)

#: Seconds between two tries. Celery's own begin at 2 and grow to 30, and no setting says less.
FIRST_S, STEP_S, LONGEST_S = 0.5, 0.5, 2.0


class Consumer(_Consumer):  # type: ignore[misc]
    """As Celery's own, but for the pause between two tries to connect."""

    def ensure_connected(self, conn: Any) -> Any:
        """The connection, however long it takes; ends when the worker is told to."""

        def failed(problem: Exception, pause_s: float) -> None:
            log.warning("broker_away", problem=type(problem).__name__, again_in_s=pause_s)

        conn.ensure_connection(
            failed,
            max_retries=None,
            interval_start=FIRST_S,
            interval_step=STEP_S,
            interval_max=LONGEST_S,
            callback=maybe_shutdown,
        )
        self.first_connection_attempt = False
        return conn
