"""Figures in Prometheus' text format: what this process counted, and what the database knows.

Each web process serves its own counters; gauges of the database are read by whichever is asked.
No label holds anything of a person or a call. docs/watching.md lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address

import structlog
from django.conf import settings
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from dispatch import counters
from dispatch.feed import counters as feed
from dispatch.upkeep import figures, parts

log = structlog.get_logger(__name__)

#: Put there by proxies: with one of these, a request comes from elsewhere.
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via")


class CountAnswers:
    """Middleware: counts every answer by its class."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        counters.count(counters.ANSWERS, f"{response.status_code // 100}xx")
        return response


@require_safe
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """The figures, for this machine or for whoever has METRICS_TOKEN; 404 for everyone else."""
    if not (_has_token(request) or _from_here(request)):
        raise Http404
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    return bool(token) and constant_time_compare(given, f"Bearer {token}")


def _from_here(request: HttpRequest) -> bool:
    """Asked on loopback, and not by a proxy on this machine for somebody else."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


class _Own(Collector):
    """What this process counted since it started."""

    def collect(self) -> Iterator[Metric]:
        yield _gauge("feed_sockets", "Sockets now.", feed.sockets().items(), label="kind")
        yield _gauge(
            "feed_lag_entries", "Largest lag of a stream in the last 30 s.", [("", feed.lag())]
        )
        for name, what in (
            (feed.SNAPSHOTS, "Snapshots sent to clients that joined or were too far behind."),
            (feed.REPLAYS, "Clients that joined again and got what they had missed."),
            (feed.RESYNCS, "Sockets that read too slowly and started afresh."),
            (feed.HEALS, "Times that missing entries were read from the database."),
            (feed.PUBLISH_FAILURES, "Hints that Redis did not take."),
            (counters.FIXES, "Fixes taken from phones."),
        ):
            yield _counter(name, what, [("", counters.counted(name).get("", 0))])
        yield _counter(
            counters.WEBHOOKS,
            "Webhooks of media nodes.",
            counters.counted(counters.WEBHOOKS).items(),
            label="outcome",
        )
        yield _counter(
            "http_answers",
            "Answers to HTTP requests.",
            counters.counted(counters.ANSWERS).items(),
            label="class",
        )
        yield from _pool()


class _Parts(Collector):
    """What works, as this process finds it; and what the database knows, if it is there."""

    def collect(self) -> Iterator[Metric]:
        found = parts.now()
        known = [(name, float(works)) for name, works in found.items() if works is not None]
        yield _gauge("part_up", "1 where the part works.", known, label="part")
        if parts.useful(found):
            try:
                yield from list(_known_by_database())
            except Error as problem:  # it went just now
                log.warning("figures_not_read", problem=type(problem).__name__)


def _known_by_database() -> Iterator[Metric]:
    work = figures.outbox()
    yield _gauge("outbox_due", "Work that is due.", [("", work.due)])
    yield _gauge("outbox_oldest_due_seconds", "Age of the oldest.", [("", work.oldest_due_s)])
    yield _gauge(
        "outbox_ended",
        "Work that ended badly, as long as its rows are kept.",
        [("unknown", work.unknown), ("failed", work.failed)],
        label="state",
    )
    yield _gauge("calls_open", "Open calls.", [("", figures.open_calls())])
    nodes = figures.nodes()
    up = [(node.name, float(node.up)) for node in nodes]
    yield _gauge("media_node_up", "1 where it answered last.", up, label="node")
    rooms = [(node.name, node.rooms) for node in nodes]
    yield _gauge("media_node_rooms", "Rooms it listed last.", rooms, label="node")
    times = GaugeHistogramMetricFamily(
        "sightline_stage_seconds",
        "From one stage to the next, calls of the last hour.",
        labels=["start", "end"],
    )
    for step in figures.steps():
        bounds = [*(str(bound) for bound in figures.BOUNDS_S), "+Inf"]
        buckets = list(zip(bounds, map(float, step.counts), strict=True))
        times.add_metric([step.start, step.end], buckets, step.total_s)
    yield times


def _pool() -> Iterator[Metric]:
    """Connections of this process; tests have no pool."""
    pool = getattr(connection, "pool", None)
    if pool is None:
        return
    stats = pool.get_stats()
    size, free = stats.get("pool_size", 0), stats.get("pool_available", 0)
    yield _gauge("db_pool_in_use", "Database connections in use.", [("", size - free)])
    yield _gauge("db_pool_limit", "Most that it may hold.", [("", stats.get("pool_max", 0))])
    waiting = stats.get("requests_waiting", 0)
    yield _gauge("db_pool_waiting", "Threads that wait for one.", [("", waiting)])


Values = Iterable[tuple[str, float]]


def _gauge(name: str, what: str, values: Values, *, label: str = "") -> Metric:
    metric = GaugeMetricFamily(f"sightline_{name}", what, labels=[label] if label else None)
    for of, value in values:
        metric.add_metric([of] if label else [], value)
    return metric


def _counter(name: str, what: str, values: Values, *, label: str = "") -> Metric:
    metric = CounterMetricFamily(f"sightline_{name}", what, labels=[label] if label else None)
    for of, value in values:
        metric.add_metric([of] if label else [], value)
    return metric


registry = CollectorRegistry()
ProcessCollector(namespace="sightline", registry=registry)
registry.register(_Own())
registry.register(_Parts())
