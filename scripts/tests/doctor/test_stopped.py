"""Doctor before a system whose parts are really broken, one after the other, and mended again."""

from __future__ import annotations

import os
import signal

import pytest

from scripts.sightline.paths import ROOT
from scripts.sightline.stack import Stack
from scripts.tests.doctor import faults
from scripts.tests.doctor.ward import (
    NO_TLS,
    NODE,
    beat_seen,
    beat_unseen_for,
    doctor,
    sql,
    stopped,
    until,
    web_says,
)

NEEDS_BLOCK = pytest.mark.skipif(
    not faults.can_block(), reason="blocking a port takes root and nftables"
)


def test_a_migration_missing(system: Stack) -> None:
    newest = max(path.stem for path in (ROOT / "callers" / "migrations").glob("0*.py"))
    row = f"app = 'callers' AND name = '{newest}'"
    sql(system, f"DELETE FROM django_migrations WHERE {row};")  # noqa: S608 (a file's name)
    try:
        said = doctor(system, "--no-call")
    finally:
        sql(
            system,
            "INSERT INTO django_migrations (app, name, applied)"  # noqa: S608
            f" VALUES ('callers', '{newest}', now());",
        )
    said.blames("migrations", unchecked=NO_TLS)
    assert f"callers.{newest}" in said.sentence("migrations")


@NEEDS_BLOCK
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_media_port_blocked(system: Stack, transport: str) -> None:
    port = system.ports[f"livekit_{transport}"]
    with faults.blocked(transport, port):
        said = doctor(system)
    said.blames(f"media.local.{transport}", unchecked=NO_TLS)
    part = said.part(f"media.local.{transport}")
    assert part["facts"]["stage"] == "media"
    assert f"{transport.upper()} does not get through to 127.0.0.1:{port}" in part["what"]
    assert said.took_s < 20


def test_livekit_stopped(system: Stack) -> None:
    with stopped(system, "livekit"):
        said = doctor(system)
    said.blames("media.local.api", unchecked=NO_TLS | NODE - {"media.local.api"})


def test_web_down(system: Stack) -> None:
    with stopped(system, "web"):
        said = doctor(system, "--no-call")
    said.blames("web", unchecked=NO_TLS)


def test_worker_stopped(system: Stack) -> None:
    with stopped(system, "worker"):
        said = doctor(system, "--no-call")
    said.blames("worker", unchecked=NO_TLS)
    assert "No worker is connected" in said.sentence("worker")


def test_worker_deaf(system: Stack) -> None:
    pid = system.parts["worker"].pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        said = doctor(system, "--no-call")
    finally:
        os.kill(pid, signal.SIGCONT)
    said.blames("worker", unchecked=NO_TLS)
    assert "connected to the broker but carried out no task" in said.sentence("worker")


def test_beat_stopped(system: Stack) -> None:
    with stopped(system, "beat"):
        beat_unseen_for(system, 60)
        said = doctor(system, "--no-call")
    said.blames("beat", unchecked=NO_TLS)
    assert said.part("beat")["facts"]["age_s"] >= 60
    until(lambda: beat_seen(system))


def test_database_stopped(system: Stack) -> None:
    with stopped(system, "postgres"):
        said = doctor(system)
    said.blames("database", unchecked=NO_TLS | {"postgis", "migrations", "media"})
    until(lambda: bool(web_says(system)["db"]))


def test_redis_stopped(system: Stack) -> None:
    with stopped(system, "redis"):
        said = doctor(system, "--no-call")
    said.blames("redis", unchecked=NO_TLS | {"worker", "beat"})


def test_after_all_that_everything_works_again(system: Stack) -> None:
    until(lambda: doctor(system, "--only", "worker,beat,web").code == 0)
    doctor(system).blames(unchecked=NO_TLS)
