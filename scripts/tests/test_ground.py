"""Ports, secrets, and the private services themselves."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from scripts.sightline import keys
from scripts.sightline.ports import Ports, is_free, listens
from scripts.sightline.say import Trouble
from scripts.sightline.stack import Stack


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(Trouble) as caught:
            Ports().insist("web", port)
        assert str(caught.value).startswith(f"Port {port} is taken by another program;")
        assert "\n" not in str(caught.value)


def test_ports_are_remembered_and_given_up_when_taken(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = Ports(file)
    port = first.choose("web")
    first.remember()
    first.release()
    again = Ports(file)
    assert again.choose("web") == port
    assert Ports(file).choose("web") != port  # another stack is starting with it
    again.release()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert Ports(file).choose("web") != port


def test_no_two_parts_get_one_port() -> None:
    ports = Ports()
    chosen = [ports.choose(str(n), prefer=[ports.choose("web")]) for n in range(50)]
    assert len(set(chosen)) == 50


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    made = keys.load(file)
    assert keys.load(file) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(made["LINK_KEY"]) == 64
    assert len(made["LIVEKIT_KEYS"].split(":")[1]) >= 32
    assert made != keys.load(tmp_path / "other.env")


def test_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    keys.load(file)
    file.chmod(0o644)
    with pytest.raises(Trouble):
        keys.load(file)


def test_private_services_start_serve_and_leave_nothing(tmp_path: Path) -> None:
    with Stack(tmp_path / "one", parts=("postgres", "redis")) as stack:
        role = stack.postgres.psql(
            "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = 'sightline';"
            "SELECT 1 FROM pg_extension WHERE extname = 'postgis';",
            database="template1",
        )
        assert role.returncode == 0, role.stderr
        assert "f        | t" in role.stdout
        assert role.stdout.count("(1 row)") == 2
        assert stack.redis.ready()
        before = stack.postgres.pid
        stack.restart("postgres")
        assert stack.postgres.pid != before
        ports = stack.ports.as_dict()
        home = stack.postgres.home
    assert not listens(ports["postgres"])
    assert not listens(ports["redis"])
    assert not home.exists()


def test_the_second_start_is_with_the_same_data_and_ports(tmp_path: Path) -> None:
    with Stack(tmp_path, port=None, parts=("postgres",), temporary=False) as stack:
        stack.postgres.psql("CREATE TABLE kept (); ", database="sightline")
        ports = stack.ports.as_dict()
    with Stack(tmp_path, port=None, parts=("postgres",), temporary=False) as stack:
        assert stack.ports.as_dict() == ports
        found = stack.postgres.psql("SELECT * FROM kept;", database="sightline")
        assert found.returncode == 0, found.stderr
        home = stack.postgres.home
    stack.postgres.remove()
    assert not home.exists()
