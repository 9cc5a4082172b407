"""Doctor before a system that works, and one that is broken for doctor alone, by its settings."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from scripts.sightline.stack import Stack
from scripts.tests.doctor import faults
from scripts.tests.doctor.ward import NO_TLS, NODE, PARTS, Said, doctor, run, sql


def test_a_healthy_system_works(system: Stack) -> None:
    said = doctor(system)
    said.blames(unchecked=NO_TLS)
    assert {part["part"] for part in said.body["parts"]} == PARTS | NODE
    for transport in ("udp", "tcp"):
        facts = said.part(f"media.local.{transport}")["facts"]
        assert facts["pairs"] == [transport, transport]
        assert 0 < facts["connected_ms"] < facts["first_frame_ms"] < 3000
    assert all(part["ms"] > 0 for part in said.body["parts"])
    assert said.took_s < 20
    # Nothing of the two test calls is left.
    assert sql(system, "SELECT count(*) FROM calls_call;").split()[2] == "0"
    rooms = doctor(system, "--only", "media", "--no-call").part("media.local.api")["facts"]["rooms"]
    assert rooms == 0


def test_people_get_a_line_a_part(system: Stack) -> None:
    done = run(system, "--no-call", "--only", "database,redis,clock")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    assert [line.split()[2] for line in lines[:3]] == ["database", "redis", "clock"]
    assert lines[0].startswith("✓ ok ")
    assert lines[-1].startswith("All that was checked works.")
    done = run(system, "--only", "pigeons")
    assert (done.returncode, "No such part: pigeons." in done.stderr) == (2, True)


@pytest.fixture(scope="module")
def broken(system: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Said]]:
    """What doctor says to wrong settings of its own: the system itself stays well."""
    sql(system, "CREATE DATABASE bare OWNER sightline TEMPLATE template0;", database="postgres")
    key = system.env["LIVEKIT_KEYS"].split(":")[0]
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        elsewhere = stack.enter_context(faults.origin(clock_offset_s=-3600))
        settings = {
            "no postgis": {"DATABASE_URL": system.database_url.removesuffix("sightline") + "bare"},
            "database password": {
                "DATABASE_URL": system.database_url.replace("sightline:", "sightline:not")
            },
            "redis password": {"REDIS_URL": system.redis_url.replace("default:", "default:not")},
            "livekit key": {"LIVEKIT_KEYS": f"{key}:{'w' * 40}"},
            "no livekit key": {"LIVEKIT_KEYS": ""},
            "text provider": {"SMS_PROVIDER": "pigeon"},
            "unreadable": {"LINK_KEY": "short"},
            "disk": {"DISK_FREE_MB": "1000000000"},
            "clock": {"PUBLIC_ORIGIN": elsewhere},
            "static": {"STATIC_ROOT": str(tmp_path_factory.mktemp("static"))},
        }
        # Two at once: most of their time is the start of Python.
        said: dict[str, Future[Said]] = {
            name: pool.submit(doctor, system, *_call(name), **env) for name, env in settings.items()
        }
        yield {name: future.result() for name, future in said.items()}


def _call(wrong: str) -> list[str]:
    """A test call only where it is about media nodes."""
    return [] if "livekit" in wrong else ["--no-call"]


MEDIA_CALLS = {"media.local.udp", "media.local.tcp"}


@pytest.mark.parametrize(
    ("wrong", "failed", "unchecked", "words"),
    [
        ("no postgis", "postgis", NO_TLS | {"migrations", "media"}, "CREATE EXTENSION postgis"),
        (
            "database password",
            "database",
            NO_TLS | {"postgis", "migrations", "media"},
            "refuses our password",
        ),
        ("redis password", "redis", NO_TLS | {"worker", "beat"}, "refuses our password"),
        ("livekit key", "media.local.api", NO_TLS | MEDIA_CALLS, "refuses our key"),
        ("no livekit key", "settings", NO_TLS | NODE, "LIVEKIT_KEYS"),
        ("text provider", "texts", NO_TLS, "pigeon"),
        ("unreadable", "settings", (PARTS | {"media"}) - {"settings"}, "LINK_KEY"),
        ("disk", "disk", NO_TLS, "are free"),
        ("clock", "clock", NO_TLS, "The clock of web is 359"),
        ("static", "static", NO_TLS, "collectstatic"),
    ],
)
def test_broken_by_settings(
    broken: dict[str, Said], wrong: str, failed: str, unchecked: set[str], words: str
) -> None:
    said = broken[wrong]
    said.blames(failed, unchecked=unchecked)
    assert words in said.sentence(failed)
