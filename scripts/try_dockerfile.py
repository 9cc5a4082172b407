"""The Dockerfile's steps, tried without Docker: each stage in a fresh Debian root of its own.

    make try-dockerfile          (as root; needs debootstrap; some minutes)

Then migrations run, and web, worker and beat start from the last stage: as its user, by
docker-compose.yml's own commands and health checks, against private services of this machine. The
log and the times go to docs/docker-log.md.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import yaml

from scripts import dockerfile
from scripts.debian import private_mounts
from scripts.dockerbuild import Build
from scripts.dockerfile import Stage
from scripts.sightline.livekit import answers
from scripts.sightline.paths import ROOT
from scripts.sightline.say import Trouble, complain, say
from scripts.sightline.stack import Stack
from scripts.terminal import Terminal

REPORT = ROOT / "docs" / "docker-log.md"


def start(build: Build, last: Stage) -> None:
    """Migrate, then web, worker and beat, as docker-compose.yml starts them."""
    root, user = build.roots[last.name], build.users[last.name]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    with tempfile.TemporaryDirectory() as directory:
        parts = ("postgres", "redis")
        with Stack(Path(directory), parts=parts) as services:
            port = services.ports["web"]
            own = {"STATIC_ROOT", "BASEMAP_DIR"}
            given = {name: value for name, value in services.env.items() if name not in own}
            # As a container has them.
            given |= {"SMS_PROVIDER": "console", "HOSTNAME": socket.gethostname()}
            environment = root.environment | given | {"ALLOWED_HOSTS": "localhost,127.0.0.1,web"}

            def run(name: str, words: list[str] | None = None) -> Terminal:
                words = words or compose[name].get("command") or _port(last.steps[-1].words, port)
                shell = f'cd {build.places[last.name]} && exec "$@"'
                command = root.command("sh", "-c", shell, "sh", *words, user=user)
                return Terminal(command, environment=environment)

            began = time.monotonic()
            run("migrate").wait(120, code=0)
            build.note("migrate: exit code 0", began)
            running: dict[str, Terminal] = {}
            try:
                began = time.monotonic()
                running = {name: run(name) for name in ("web", "worker", "beat")}
                url = f"http://127.0.0.1:{port}"
                _until(lambda: answers(f"{url}/health/ready", host=f"localhost:{port}"), "web")
                build.note("web: /health/ready answers 200", began)
                running["worker"].until("ready.", 60)
                running["beat"].until("beat: Starting", 60)
                build.note("worker and beat are ready", began)
                for name in running:
                    began = time.monotonic()
                    run(name, _health(compose[name], port)).wait(60, code=0)
                    build.note(f"{name}: its health check passes", began)
                began = time.monotonic()
                for what in look(url):
                    build.note(what, began)
                whose = {pid: _owner(pid) for pid in root.processes()}
                if not whose or set(whose.values()) != {int(user.split(":")[0])}:
                    raise Trouble(f"Processes of another user: {whose}")
                build.note(f"{len(whose)} processes, all of user {user}", began)
                for name in ("web", "worker"):  # a check that cannot fail would be none
                    began = time.monotonic()
                    running[name].end()
                    check = run(name, _health(compose[name], port))
                    check.wait(60)
                    if check.code == 0:
                        raise Trouble(f"The health check of {name} passes without {name}.")
                    build.note(f"{name} ended: its health check fails ({check.code})", began)
            finally:
                for terminal in running.values():
                    terminal.end()


def look(url: str) -> list[str]:
    """A page, a script of it as Brotli, and a range of the map: what the image must serve."""
    opener = build_opener(ProxyHandler({}))
    host = f"localhost:{url.rpartition(':')[2]}"

    def get(path: str, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return opener.open(Request(url + path, headers={"Host": host} | named), timeout=10)  # noqa: S310

    page = get("/account/login/").read().decode()
    asset = re.search(r'(?:src|href)="(/static/assets/[^"]+)"', page)
    if not asset:
        raise Trouble("The sign-in page names no built file.")
    packed = get(asset[1], Accept_Encoding="br")
    if packed.headers["Content-Encoding"] != "br":
        raise Trouble(f"{asset[1]} is not served as Brotli.")
    part = get("/static/map/world.pmtiles", Range="bytes=0-6")
    if (part.status, part.read()) != (206, b"PMTiles"):
        raise Trouble("The map is not served by ranges.")
    return ["sign-in page, its file as Brotli, the map by range"]


def _port(words: list[str], port: int) -> list[str]:
    """The image's command, on a free port of loopback: this is no container's network."""
    changed = {"8000": str(port), "0.0.0.0": "127.0.0.1"}  # noqa: S104 - replaced
    return [changed.get(word, word) for word in words]


def _health(service: dict[str, Any], port: int) -> list[str]:
    """The words of a service's health check."""
    how, *words = service["healthcheck"]["test"]
    plain = [word.replace("$$", "$").replace(":8000/", f":{port}/") for word in words]
    return ["sh", "-c", *plain] if how == "CMD-SHELL" else plain


def _until(check: Any, what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise Trouble(f"{what} did not answer within {seconds:.0f} s.")
        time.sleep(0.1)


def _owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def main() -> int:
    began = time.monotonic()
    directory = Path(tempfile.mkdtemp(prefix="sightline-dockerfile-", dir="/var/tmp"))
    build = Build(directory)
    try:
        stages = dockerfile.parse((ROOT / "Dockerfile").read_text())
        build.make_context()
        for stage in stages:
            build.stage(stage)
        start(build, stages[-1])
    finally:
        build.close()
        shutil.rmtree(build.context, ignore_errors=True)
        directory.rmdir()
    seconds = time.monotonic() - began
    rows = "\n".join(
        f"| `{what.replace('|', chr(92) + '|')}` | {took:.1f} |" for what, took in build.log
    )
    REPORT.write_text(
        f"""# The Dockerfile, step by step

`make try-dockerfile` runs every step of every stage in a fresh Debian root (a chroot with the same
Python; Node from the project's own installer) and starts the result against a private PostgreSQL
and Redis. It is no Docker: it shows that the steps work, not that the published base images do.

Last run: {time.strftime("%Y-%m-%d")}, {os.cpu_count()} cores, {seconds:.0f} s in all.

| step | seconds |
|---|---:|
{rows}
"""
    )
    say(f"Written: {REPORT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    try:
        private_mounts()
        sys.exit(main())
    except Trouble as trouble:
        complain(f"\n{trouble}")
        sys.exit(1)
