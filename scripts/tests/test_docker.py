"""Dockerfile and docker-compose.yml: valid by their specifications, and by rules of our own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import dockerfile
from scripts.sightline.install import docker, node
from scripts.sightline.paths import LIVEKIT_VERSION, ROOT

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(:?[-?][^}]*)?\}")
IMAGE = re.compile(r"^[a-z0-9./-]+:[A-Za-z0-9._-]*\d[A-Za-z0-9._-]*$")  # a tag with a number in it
OWN = {"migrate", "web", "worker", "beat"}


@pytest.fixture(scope="session", autouse=True)
def linters() -> None:
    docker.install()


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return found


def lint_compose(file: Path) -> subprocess.CompletedProcess[str]:
    """dclint carries the compose specification's own schema."""
    return _lint("dclint", "-c", str(docker.SOURCE / "dclint.json"), "--max-warnings", "0", file)


def lint_dockerfile(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        _lint("dockerfile-utils", "lint", "--json", file).stdout
    )
    return found


def _lint(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [docker.PROGRAMS / program, *arguments],
        env=os.environ | node.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_both_files_are_valid() -> None:
    said = lint_compose(COMPOSE)
    assert said.returncode == 0, said.stdout + said.stderr
    assert lint_dockerfile(DOCKERFILE) == []


def test_the_linters_see_mistakes(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    for change, word in (
        (("restart: unless-stopped", "restrat: unless-stopped"), "additional properties"),
        (("interval: 5s", "interval: [5]"), "interval"),
        (("services:", "servcies:"), "additional properties"),
        (("    shm_size: 128mb", "   shm_size: 128mb"), "YAML"),
    ):
        broken.write_text(COMPOSE.read_text().replace(*change, 1))
        said = lint_compose(broken)
        assert said.returncode != 0, change
        assert word.lower() in (said.stdout + said.stderr).lower(), said.stdout
    wrong = tmp_path / "Dockerfile"
    for change in (
        ("WORKDIR", "WORKIDR"),
        ("--from=front", "--fom=front"),
        ("EXPOSE 8000", "EXPOSE x"),
    ):
        wrong.write_text(DOCKERFILE.read_text().replace(*change, 1))
        assert lint_dockerfile(wrong), change


def test_every_image_is_a_published_tag(compose: dict[str, Any]) -> None:
    images = [service["image"] for service in compose["services"].values()]
    pulled = [image for image in images if image != "sightline:local"]
    stages = dockerfile.parse(DOCKERFILE.read_text())
    pulled += [stage.base for stage in stages if stage.base not in {one.name for one in stages}]
    assert len(pulled) >= 6
    assert [image for image in pulled if not IMAGE.match(image)] == []
    assert f"livekit/livekit-server:v{LIVEKIT_VERSION}" in pulled


def test_every_variable_is_explained_and_no_secret_has_a_default() -> None:
    text = COMPOSE.read_text()
    example = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^([A-Z_]+)=", example, re.M))
    used = VARIABLE.findall(text)
    assert {name for name, _ in used} - explained == set()
    secrets = {name for name in explained if re.search(r"KEY|SECRET|PASSWORD", name)}
    lenient = {name for name, rest in used if name in secrets and not rest.startswith(":?")}
    assert lenient == set()


def test_our_processes_get_every_variable_that_is_read(compose: dict[str, Any]) -> None:
    example = (ROOT / ".env.example").read_text().partition("# Only for docker-compose.yml")[0]
    wanted = set(re.findall(r"^([A-Z_]+)=", example, re.M)) - {"STATIC_ROOT", "BASEMAP_DIR"}
    baked = dockerfile.parse(DOCKERFILE.read_text())[-1].environment()
    assert {"STATIC_ROOT", "BASEMAP_DIR"} <= set(baked)
    for name in OWN:
        assert wanted - set(compose["services"][name]["environment"]) == set(), name


def test_references_lead_somewhere(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, name
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other], other
            if how["condition"] == "service_completed_successfully":
                assert services[other]["restart"] == "no", other
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert source in compose["volumes"] or (ROOT / source).is_file(), mount
    text = COMPOSE.read_text()
    for host in re.findall(r"(?:@|//)([a-z]+):\d+", text):
        assert host in services, host


def test_nothing_is_open_to_the_network_unasked(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 4
    for port in ports:
        assert port.startswith(("127.0.0.1:", "${MEDIA_IP:-127.0.0.1}:")), port


def test_every_service_is_humble_and_is_watched(compose: dict[str, Any]) -> None:
    last = dockerfile.parse(DOCKERFILE.read_text())[-1]
    user = [step.text for step in last.steps if step.word == "USER"][-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    for name, service in compose["services"].items():
        assert name in OWN or service["user"] not in ("", "root", "0"), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert name == "migrate" or "healthcheck" in service, name
        assert not service.get("privileged"), name


def test_livekit_has_the_rooms_that_make_run_gives_it(compose: dict[str, Any]) -> None:
    from scripts.sightline.livekit import LiveKit

    environment = compose["services"]["livekit"]["environment"]
    settings = yaml.safe_load(environment["LIVEKIT_CONFIG"])
    ours = LiveKit(
        base=ROOT / "var",
        port=settings["port"],
        tcp_port=7881,
        udp_port=7882,
        keys="key:secret",
        webhook="",
        log_dir=ROOT / "var",
    ).settings()
    assert settings["room"] == ours["room"]
    assert settings["logging"]["level"] == ours["logging"]["level"]
    # In LiveKit's form a space follows the colon.
    assert re.fullmatch(
        r"\$\{LIVEKIT_API_KEY.*\}: \$\{LIVEKIT_API_SECRET.*\}", environment["LIVEKIT_KEYS"]
    )


def test_what_is_copied_exists_and_is_let_in() -> None:
    stages = dockerfile.parse(DOCKERFILE.read_text())
    sources = [
        source
        for stage in stages
        for step in stage.steps
        if step.word == "COPY" and not step.flags.get("from")
        for source in step.words[:-1]
    ]
    let_in = set(tops((ROOT / ".dockerignore").read_text()))
    assert len(sources) >= 10
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] in let_in, source


def tops(ignore: str) -> Iterator[str]:
    lines = ignore.splitlines()
    assert "*" in lines  # everything is shut out first
    yield from (line[1:] for line in lines if line.startswith("!"))
